import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, chat, type Answer } from "../support/ask.ts";
import { Command, run } from "../support/command.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { untilLoaded } from "../support/until-loaded.ts";
import { makeFolder } from "./child.ts";
import { mayMount } from "./may-mount.ts";

let provider: ImitationProvider;
beforeAll(async () => {
  provider = await startImitationProvider();
});
afterAll(() => provider.close());

const TENANT_SECRET = 'cache: { tenant_secret: "a secret that only tests have" }\n';
const configuration = (cache = TENANT_SECRET) =>
  `server: { host: 127.0.0.1, port: 0 }\nupstream: { allow_public: false, providers: { openai: { base_url: "${provider.url}" } } }\nembedding: { workers: 1 }\n${cache}`;

const serve = (data: string, cache?: string) =>
  new Command(["serve", "--data", data], { files: { "semcache.yaml": configuration(cache) } });

/** The fault is told of in one line, and so is its end. */
const BEGINS = /answers are not stored until that is mended/u;
const ENDS = /The store can be written again/u;
const isLine = (pattern: RegExp) => (line: Readonly<Record<string, unknown>>) => pattern.test(String(line["msg"]));
const count = (command: Command, pattern: RegExp) => command.stdout.lines.filter(isLine(pattern)).length;

const get = (port: number, path: string) => ask(port, { method: "GET", path });
const question = (port: number, prompt: string) => ask(port, { body: chat(prompt) });

/** The provider's own answer, however the store is. */
function expectProviders(answer: Answer, status: string): void {
  expect([answer.status, answer.header("x-cache-status")]).toEqual([200, status]);
  const { choices } = answer.json() as { choices: { message: { content: string }; finish_reason: string }[] };
  expect(choices[0]).toMatchObject({ message: { content: expect.stringMatching(/./u) }, finish_reason: "stop" });
}

/** Asked again and again: models load in their own time, and no line tells of it. */
async function warm(port: number): Promise<void> {
  while ((await get(port, "/ready")).status !== 200) await nextTurn();
}

/** While the store cannot be used: misses that the provider answers, ready, and told. */
async function expectDegraded(port: number, marker: string): Promise<void> {
  for (const attempt of ["first", "second"]) {
    expectProviders(await question(port, `How do I ${marker}, asked the ${attempt} time?`), "miss");
  }
  expectProviders(await question(port, `How do I ${marker}, asked the first time?`), "miss");
  const ready = await get(port, "/ready");
  expect([ready.status, ready.json()]).toEqual([
    200,
    expect.objectContaining({ status: "degraded", parts: ["store"], details: { store: expect.any(String) } }),
  ]);
  const metrics = (await get(port, "/metrics")).text;
  expect(metrics).toMatch(/^semcache_store_writable 0$/mu);
  expect(metrics).toMatch(/^semcache_store_errors_total\{operation="put"\} [1-9]/mu);
}

/** A hit can come from an answer that is on its way to the store: resolves when it is on the disk. */
async function expectLanded(port: number, prompt: string): Promise<void> {
  const hit = await question(port, prompt);
  expectProviders(hit, "hit");
  const entries = "/semcache/v1/admin/entries";
  expect((await get(port, `${entries}/${String(hit.header("x-semcache-entry"))}`)).status).toBe(200);
  // It may be shown before it is written; a deletion that finds nothing waits for what is under way.
  expect((await ask(port, { method: "DELETE", path: `${entries}/none` })).status).toBe(404);
}

async function expectMended(port: number, marker: string): Promise<void> {
  for (const status of ["miss", "hit"]) {
    expectProviders(await question(port, `How do I ${marker} when all is well again?`), status);
  }
  expect((await get(port, "/ready")).json()).toMatchObject({ status: "ready" });
  expect((await get(port, "/metrics")).text).toMatch(/^semcache_store_writable 1$/mu);
}

describe("a server whose store fails", () => {
  test.each<readonly [string, (folder: string) => void, (folder: string) => void]>([
    [
      "the folder is removed, and something else is in its place for a while",
      (folder) => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, "");
      },
      (folder) => rmSync(folder),
    ],
    [
      "the file is cut, and what would take its place is not a file for a while",
      (folder) => {
        const file = join(folder, "entries-v1.mdb");
        truncateSync(file, Math.floor(statSync(file).size / 3));
        mkdirSync(join(folder, "entries-damaged.mdb", "full"), { recursive: true });
      },
      (folder) => rmSync(join(folder, "entries-damaged.mdb"), { recursive: true }),
    ],
  ])("goes on answering, says so, and recovers: %s", { timeout: 120_000 }, async (_, harm, mend) => {
    const folder = makeFolder("served");
    const data = join(folder.path, "data");
    const command = serve(data);
    try {
      const port = await command.listening();
      await warm(port);
      expectProviders(await question(port, "What is a cache?"), "miss");
      await expectLanded(port, "What is a cache?");
      harm(data);
      await command.log(isLine(BEGINS));
      expectProviders(await question(port, "What is a cache?"), "miss");
      await expectDegraded(port, "lose a folder");
      const [begun, ended] = [count(command, BEGINS), count(command, ENDS)];
      expect([begun, ended]).toEqual([1, 0]);
      mend(data);
      await command.log(isLine(ENDS));
      await expectMended(port, "lose a folder");
      expect([count(command, BEGINS), count(command, ENDS)]).toEqual([1, 1]);
      // Not a line for each answer: /metrics counts them.
      expect(count(command, /An answer was not stored/u)).toBe(0);
      command.process.kill("SIGTERM");
      expect(await command.finished).toMatchObject({ code: 0, signal: null, stderr: "" });
    } finally {
      command.process.kill("SIGKILL");
      await command.finished;
      folder.remove();
    }
  });

  test.runIf(mayMount)("begins on a full disk, and stores when there is room", { timeout: 120_000 }, async () => {
    const folder = makeFolder("served");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder.path]);
    const filler = join(folder.path, "filler");
    writeFileSync(filler, "");
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(4096, 1), { flag: "a" });
    } catch {
      // Full.
    }
    const command = serve(join(folder.path, "data"));
    try {
      const port = await command.listening();
      await warm(port);
      await expectDegraded(port, "begin on a full disk");
      rmSync(filler);
      await command.log(isLine(ENDS));
      await expectMended(port, "begin on a full disk");
      expect([count(command, BEGINS), count(command, ENDS)]).toEqual([1, 1]);
      command.process.kill("SIGTERM");
      expect(await command.finished).toMatchObject({ code: 0, signal: null, stderr: "" });
    } finally {
      command.process.kill("SIGKILL");
      await command.finished;
      execFileSync("umount", [folder.path]);
      folder.remove();
    }
  });

  test.each<readonly [string, (data: string) => void]>([
    ["removed", (data) => rmSync(data, { recursive: true })],
    ["moved", (data) => renameSync(data, `${data}-moved`)],
  ])("keeps what it stores after its folder was %s over a restart", { timeout: 120_000 }, async (_, harm) => {
    const folder = makeFolder("served");
    const data = join(folder.path, "data");
    const first = serve(data, "");
    try {
      const port = await untilLoaded(await first.listening());
      expectProviders(await question(port, "What is lost?"), "miss");
      await expectLanded(port, "What is lost?");
      harm(data);
      await first.log(isLine(ENDS));
      expectProviders(await question(port, "What is kept?"), "miss");
      await expectLanded(port, "What is kept?");
      first.process.kill("SIGTERM");
      expect(await first.finished).toMatchObject({ code: 0, signal: null, stderr: "" });
    } finally {
      first.process.kill("SIGKILL");
      await first.finished;
    }
    const second = serve(data, "");
    try {
      const port = await untilLoaded(await second.listening());
      expectProviders(await question(port, "What is kept?"), "hit");
      expectProviders(await question(port, "What is lost?"), "miss");
    } finally {
      second.process.kill("SIGKILL");
      await second.finished;
      folder.remove();
    }
  });

  test("keeps its folder from a second one", { timeout: 120_000 }, async () => {
    const folder = makeFolder("served");
    const command = serve(folder.path);
    try {
      const port = await untilLoaded(await command.listening());
      expectProviders(await question(port, "Whose folder is this?"), "miss");
      const second = await run(["serve", "--data", folder.path], { files: { "semcache.yaml": configuration() } });
      expect(second.code).toBe(1);
      expect(second.stderr.trimEnd().split("\n")).toEqual([
        expect.stringMatching(/Cannot open the store in .*: process \d+, started .* has it/u),
      ]);
      await expectLanded(port, "Whose folder is this?");
    } finally {
      command.process.kill("SIGKILL");
      await command.finished;
    }
    // The lock dies with its process, however it ended, and what it had answered is there.
    const next = serve(folder.path);
    try {
      expectProviders(await question(await untilLoaded(await next.listening()), "Whose folder is this?"), "hit");
    } finally {
      next.process.kill("SIGKILL");
      await next.finished;
      folder.remove();
    }
  });
});
