// `npm run test:long`: what takes too long for every change. The property tests ten times over (each run draws new
// examples, and a failure prints the seed that repeats it), then 100,000 requests through a full cache, which must not
// grow.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const PROPERTY_ROUNDS = 10;
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(`${tmpdir()}/semcache-long-`);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

for (let round = 1; round <= PROPERTY_ROUNDS; round++) {
  console.log(`property tests, round ${round} of ${PROPERTY_ROUNDS}`);
  run([`${root}node_modules/vitest/vitest.mjs`, "run", "--root", root, "test/property"]);
}
run([`${root}bench/main.mjs`, "memory", "--effort", "long", "--json", `${folder}/memory.json`]);
const { figures } = JSON.parse(readFileSync(`${folder}/memory.json`, "utf8"));
const missed = figures.filter(({ met }) => met === false);
for (const { name, median } of missed) console.error(`Memory is not flat: ${name}: ${median.toFixed(3)}`);
if (missed.length > 0) process.exitCode = 1;

function run(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
