// `npm run docs` and `npm run docs:build`: the site of docs/, whose packages are its own (docs/package-lock.json) and are
// installed when they are first needed, so that the product's `npm ci` has nothing of them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const digest = createHash("sha256")
  .update(readFileSync(`${docs}package-lock.json`))
  .digest("hex");
const stamp = `${docs}node_modules/.semcache-lock`;
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) {
  console.log("Installing what the site is built with into docs/node_modules (once)");
  run("npm", ["ci", "--no-audit", "--no-fund"]);
  writeFileSync(stamp, digest);
}
run(process.execPath, ["node_modules/vitepress/bin/vitepress.js", process.argv[2] === "build" ? "build" : "dev"]);

function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: docs,
    stdio: "inherit",
    shell: command === "npm" && process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
}
