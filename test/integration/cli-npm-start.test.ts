import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
import { LogCollector } from "../support/log-collector.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;

// A copy: other tests run from the dist/ of this one.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "semcache-start-"));
  for (const name of ["src", "tools", "package.json", "tsconfig.json"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  for (const name of ["models", "node_modules"]) symlinkSync(join(root, name), join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `npm start` with these flags until it listens; the port, and what ends it. */
async function start(...flags: string[]) {
  const child = spawn("npm", ["start", "--", ...flags], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const log = new LogCollector();
  child.stdout.pipe(log);
  const closed = once(child, "close");
  const line = await log.waitFor(({ msg }) => msg === "Listening", 60_000);
  const stop = async () => {
    // To the group, as a terminal's Ctrl-C: npm hands signals on in its own time.
    process.kill(-(child.pid ?? 0), "SIGINT");
    await closed;
  };
  return { port: Number(new URL(String(line["url"])).port), log, stop };
}

describe("npm start", () => {
  it("builds where there is no build, serves, and does not build again", async () => {
    expect(existsSync(join(folder, "dist"))).toBe(false);
    const first = await start("--port", "0");
    expect((await ask(first.port, { method: "GET", path: "/health" })).status).toBe(200);
    await first.stop();
    expect(first.log.lines.at(-1)).toMatchObject({ msg: "Stopped" });
    rmSync(join(folder, "tools/build.mjs"));
    const second = await start("--port", "0");
    expect((await ask(second.port, { method: "GET", path: "/health" })).status).toBe(200);
    await second.stop();
  }, 120_000);
});
