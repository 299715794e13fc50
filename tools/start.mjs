// `npm start`: builds where dist/ is missing or older than the sources, then serves in this process.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = statSync(`${root}dist/cli/main.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sources = readdirSync(`${root}src`, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const newest = Math.max(...sources.map((entry) => statSync(`${entry.parentPath}/${entry.name}`).mtimeMs));
if (newest > built) {
  const { status } = spawnSync(process.execPath, [`${root}tools/build.mjs`], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
await import("../dist/cli/main.js");
