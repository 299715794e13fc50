// Bundles src/dashboard/page for browsers into dist/dashboard/files: admin.html, and assets/ whose names hold a hash of
// their content, so that browsers may keep them for good. Beside each file lie its .br and .gz forms.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

export async function bundleDashboard(root) {
  const source = `${root}src/dashboard/page/`;
  const target = `${root}dist/dashboard/files/`;
  mkdirSync(`${target}assets`, { recursive: true });

  const script = write(target, "assets/page", "js", await bundleScript(`${source}main.tsx`));
  const sheets = [`${root}node_modules/uplot/dist/uPlot.min.css`, `${source}page.css`];
  const style = write(
    target,
    "assets/page",
    "css",
    sheets.map((path) => squeeze(readFileSync(path, "utf8"))).join("\n"),
  );
  const html = readFileSync(`${source}admin.html`, "utf8")
    .replace("assets/page.js", script)
    .replace("assets/page.css", style);
  write(target, "admin", "html", html);
}

async function bundleScript(input) {
  const bundle = await rolldown({
    input,
    platform: "browser",
    tsconfig: false,
    transform: {
      target: "es2022",
      // Calls of h are a third shorter than those of the automatic runtime, which the types are checked with.
      jsx: { runtime: "classic", pragma: "h", pragmaFrag: "Fragment", pure: false },
      inject: { h: ["preact", "h"], Fragment: ["preact", "Fragment"] },
      define: { "process.env.NODE_ENV": JSON.stringify("production") },
    },
  });
  try {
    const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false, comments: false });
    const [chunk] = output;
    if (output.length !== 1) throw new Error(`Cannot bundle the dashboard: ${output.length} files instead of one`);
    return chunk.code;
  } finally {
    await bundle.close();
  }
}

/** Comments and indentation only: what is saved beyond that is not worth a parser. */
function squeeze(css) {
  return css
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\s*\n\s*/g, "\n")
    .replaceAll(/ ?\{\n/g, "{")
    .replaceAll(/;?\n\}/g, "}")
    .replaceAll(/([;}])\n/g, "$1")
    .replaceAll(/([a-z-]): /g, "$1:")
    .replaceAll(/,\s+/g, ",")
    .replaceAll(" > ", ">")
    .replaceAll(" {", "{")
    .replaceAll(";}", "}")
    .replaceAll(/(?<=[\s:(,-])0\.(?=\d)/g, ".")
    .trim();
}

function write(target, name, extension, text) {
  const hash = createHash("sha256").update(text).digest("base64url").slice(0, 10);
  const file = extension === "html" ? `${name}.html` : `${name}-${hash}.${extension}`;
  const bytes = Buffer.from(text);
  writeFileSync(`${target}${file}`, bytes);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${target}${file}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${target}${file}.gz`, gzipSync(bytes, { level: 9 }));
  return file;
}
