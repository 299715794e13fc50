// `npm run check`: everything that can be said of the tree without running the product. The first failure ends it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => `${root}node_modules/.bin/${name}`;
const steps = [
  ["format", bin("oxfmt"), ["--check", "."]],
  ["lint", bin("oxlint"), ["--deny-warnings", "."]],
  ["build", process.execPath, ["tools/build.mjs"]],
  ["types of tests", bin("tsc"), ["-p", "tsconfig.test.json"]],
  ["types of the dashboard's page", bin("tsc"), ["-p", "src/dashboard/page/tsconfig.json"]],
  ["import direction", process.execPath, ["tools/check-imports.mjs"]],
  ["reference pages", process.execPath, ["tools/make-reference.mjs", "--check"]],
];

for (const [name, command, args] of steps) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok" : "FAILED"}  ${name} (${seconds} s)`);
  if (status !== 0) process.exit(status ?? 1);
}
