// `npm run test:long`: what takes too long for every change. The property tests ten times over (each run draws new
// examples, and a failure prints the seed that repeats it); the store against its model for ten minutes each, which is
// millions of operations; thousands of processes killed and stores damaged; then 100,000 requests through a full cache,
// which must not grow. SEMCACHE_SEED repeats a run of the stores' tests.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const PROPERTY_ROUNDS = 10;
const stores = {
  SEMCACHE_PROPERTY_SECONDS: "600",
  SEMCACHE_KILL_ROUNDS: "3000",
  SEMCACHE_DAMAGE_ROUNDS: "3000",
  ...process.env,
};
const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = `${root}node_modules/vitest/vitest.mjs`;
const folder = mkdtempSync(`${tmpdir()}/semcache-long-`);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

for (let round = 1; round <= PROPERTY_ROUNDS; round++) {
  console.log(`property tests, round ${round} of ${PROPERTY_ROUNDS}`);
  run([vitest, "run", "--root", root, "test/property"]);
}
console.log("stores against their model, killed, and damaged");
run([vitest, "run", "--root", root, "test/property/cache-store-model", "test/faults"], stores);
run([`${root}bench/main.mjs`, "memory", "--effort", "long", "--json", `${folder}/memory.json`]);
const { figures } = JSON.parse(readFileSync(`${folder}/memory.json`, "utf8"));
const missed = figures.filter(({ met }) => met === false);
for (const { name, median } of missed) console.error(`Memory is not flat: ${name}: ${median.toFixed(3)}`);
if (missed.length > 0) process.exitCode = 1;

function run(args, env = process.env) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}
