import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { openSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("../..", import.meta.url);

/** Logs requests until lines are lost, keeps answering, then closes; tells what happened on descriptor 3. */
const program = `
import { writeSync } from "node:fs";
import { createServer } from "node:http";
import { createLog } from "#semcache/telemetry/log.js";
const wanted = Number(process.argv[1]);
// Where nothing may be lost, a slow disk gets the room and the time that it needs.
const maxBytes = wanted > 0 ? 200_000 : 64_000_000;
const log = createLog({ level: "info", format: "json", logPrompts: false, maxBytes });
const server = createServer((request, response) => {
  for (let line = 0; line < 100; line++) log.info("request " + request.url, { filler: "x".repeat(500) });
  response.end(String(log.lostLines));
});
server.listen(0, "127.0.0.1", async () => {
  const url = "http://127.0.0.1:" + server.address().port + "/";
  let lost = 0, answered = 0;
  while (wanted > 0 ? lost < wanted : answered < 20) {
    lost = Number(await (await fetch(url + answered)).text());
    answered++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  server.close();
  await log.close(wanted > 0 ? 200 : 25_000);
  writeSync(3, JSON.stringify({ answered, lost, lostAtEnd: log.lostLines }));
  process.exit(0);
});
`;

async function run(stdout: "pipe" | number, wanted: number, shell = false) {
  const args = ["--input-type=module", "-e", program, String(wanted)];
  // In a shell the pipe's descriptor is the blocking one that programs get in production; node's own pipes are not.
  const child = shell
    ? spawn("sh", ["-c", `"$0" "$@" | sleep 60`, process.execPath, ...args], {
        cwd: root,
        stdio: ["ignore", "ignore", "inherit", "pipe"],
        detached: true,
      })
    : spawn(process.execPath, args, { cwd: root, stdio: ["ignore", stdout, "inherit", "pipe"], detached: true });
  const report = child.stdio[3];
  if (!report || !("on" in report)) throw new Error("Cannot read the program's report");
  let text = "";
  report.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    // Its shell waits for the sleeping reader, which holds descriptor 3 too.
    if (shell) process.kill(-(child.pid ?? 0), "SIGKILL");
  });
  await once(child, "close");
  return JSON.parse(text) as { answered: number; lost: number; lostAtEnd: number };
}

describe("a log whose reader sleeps", () => {
  it.skipIf(process.platform === "win32")(
    "does not stall requests or the exit, and counts what was lost (shell pipe)",
    async () => {
      const { answered, lost } = await run("pipe", 1_000, true);
      expect(lost).toBeGreaterThanOrEqual(1_000);
      expect(answered).toBeGreaterThan(10);
    },
  );

  it("does not stall requests or the exit (socket pair)", async () => {
    // Nobody listens for "data" on the child's stdout, so it is not read.
    const { lost } = await run("pipe", 1_000);
    expect(lost).toBeGreaterThanOrEqual(1_000);
  });

  it("loses nothing to a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "semcache-log-"));
    const path = join(folder, "log");
    const file = openSync(path, "w");
    try {
      const { lostAtEnd, answered } = await run(file, 0);
      const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
      expect(lostAtEnd).toBe(0);
      expect(lines).toHaveLength(answered * 100);
      expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(
        Array(lines.length).fill("info"),
      );
    } finally {
      closeSync(file);
      await rm(folder, { recursive: true });
    }
  });
});
