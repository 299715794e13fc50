// Compiles src/vector-index/assembly/scan.ts, which is AssemblyScript, to dist/vector-index/scan.wasm.
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

export async function compileAssembly(root) {
  const target = `${root}dist/vector-index/`;
  mkdirSync(target, { recursive: true });
  const { error, stderr } = await asc.main(
    ["scan.ts", "--outFile", "scan.wasm", "--runtime", "stub", "-O3", "--noAssert", "--enable", "simd"],
    {
      readFile: (name) => readFile(`${root}src/vector-index/assembly/${name}`, "utf8").catch(() => null),
      writeFile: (name, contents) => writeFileSync(`${target}${name}`, contents),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`Cannot compile scan.ts: ${error.message}\n${stderr.toString()}`);
}
