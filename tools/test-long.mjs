// `npm run test:long [-- MINUTES]`: the property tests over and over (10 minutes unless told), each time with new seeds.
// The first failure ends it; fast-check prints the seed that repeats it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [written = "10"] = process.argv.slice(2);
const minutes = Number(written);
if (!(minutes > 0)) {
  console.error(`Cannot run: expected a number of minutes, got ${written}`);
  process.exit(2);
}

const end = performance.now() + minutes * 60_000;
let rounds = 0;
do {
  const { status } = spawnSync(
    process.execPath,
    [`${root}node_modules/vitest/vitest.mjs`, "run", "--root", root, "test/property"],
    { stdio: "inherit" },
  );
  if (status !== 0) process.exit(status ?? 1);
  rounds++;
} while (performance.now() < end);
console.log(`ok: the property tests held in ${rounds} rounds`);
