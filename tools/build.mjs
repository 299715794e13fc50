// Compiles src/ to dist/, the loops of the vector index to WebAssembly, and bundles the dashboard's page. Old output is removed first: a file that was renamed must not stay importable.
import { spawnSync } from "node:child_process";
import { rmSync, chmodSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundleDashboard } from "./bundle-dashboard.mjs";
import { compileAssembly } from "./compile-assembly.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}tsconfig.json`],
  { stdio: "inherit" },
);
if (status !== 0) process.exit(status ?? 1);
await compileAssembly(root);
if (existsSync(`${root}dist/cli/main.js`)) chmodSync(`${root}dist/cli/main.js`, 0o755);
await bundleDashboard(root);
