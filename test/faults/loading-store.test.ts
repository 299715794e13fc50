import { execFileSync } from "node:child_process";
import { cpSync, rmSync, truncateSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CacheStore } from "#semcache/store/cache-store.js";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { atAngle } from "../contract/cache-store.ts";
import { ask, chat, type Question } from "../support/ask.ts";
import { Command, run } from "../support/command.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { makeFolder, runChild } from "./child.ts";
import { deriveEntry, START_MS } from "./derived-entry.mjs";

const ENTRIES = 12_000;
const LOADING = { code: "store-loading" };

const open = (folder: string, loadsLater: boolean): Promise<CacheStore> =>
  openEmbeddedCacheStore({
    folder,
    clock: { now: () => START_MS },
    maxEntries: null,
    maxBytes: null,
    onFault: (message) => {
      throw new Error(message);
    },
    loadsLater,
  });

describe("a store while it loads", () => {
  let folder: ReturnType<typeof makeFolder>;
  let killed: ReturnType<typeof makeFolder>;
  beforeAll(async () => {
    folder = makeFolder("loading");
    killed = makeFolder("loading");
    const filled = await runChild("./loading-store-child.mjs", ["fill", folder.path, String(ENTRIES)]);
    expect(filled).toEqual({ code: null, signal: "SIGKILL", stdout: "", stderr: "" });
    cpSync(folder.path, killed.path, { recursive: true });
  }, 120_000);
  afterAll(() => {
    folder.remove();
    killed.remove();
  });

  /** What was invalidated is not there, and all else is. */
  async function expectAll(store: CacheStore): Promise<void> {
    expect(store.health()).toEqual({ state: "ok" });
    expect(store.stats().entries).toBe(ENTRIES / 2);
    for (const [id, isThere] of [
      ["0.0", false],
      ["1.0", true],
      [`${ENTRIES - 2}.0`, false],
      [`${ENTRIES - 1}.0`, true],
    ] as const) {
      expect((await store.findExact(deriveEntry(id).exactKey))?.id ?? null).toBe(isThere ? id : null);
    }
  }

  test("refuses what it could not answer rightly, keeps nothing of it, and its folder from others", async () => {
    const store = await open(folder.path, true);
    try {
      expect(store.health()).toMatchObject({ state: "loading", detail: expect.stringContaining("opened") });
      const entry = deriveEntry("1.0");
      await expect(store.findExact(entry.exactKey)).rejects.toMatchObject(LOADING);
      await expect(store.findNearest(entry.partition, atAngle(0), 1)).rejects.toMatchObject(LOADING);
      await expect(store.describePartition(entry.partition)).rejects.toMatchObject(LOADING);
      await expect(store.get("1.0")).rejects.toMatchObject(LOADING);
      await expect(store.list({ limit: 1 })).rejects.toMatchObject(LOADING);
      await expect(store.put(entry, store.generation())).rejects.toMatchObject(LOADING);
      await expect(store.delete({ kind: "all" })).rejects.toMatchObject(LOADING);
      await expect(store.delete({ kind: "all" }, { dryRun: true })).rejects.toMatchObject(LOADING);
      await expect(store.delete({ kind: "id", id: "1.0" })).rejects.toMatchObject(LOADING);
      expect(() => store.touch("1.0", START_MS)).not.toThrow();
      await expect(open(folder.path, true)).rejects.toMatchObject({ code: "store-locked" });
      // An answer that is begun now lands when the store is there: nothing that was refused has overtaken it.
      const generation = store.generation();
      await Promise.all([store.load(), store.load()]);
      expect(store.isOvertaken(entry, generation)).toBe(false);
      await expectAll(store);
    } finally {
      await store.close();
    }
  });

  test("closes at once in the middle of it, and nothing is lost", async () => {
    rmSync(join(folder.path, "entries.table"));
    const store = await open(folder.path, true);
    const outcome = store.load().then(
      () => "loaded",
      (error: unknown) => error,
    );
    for (let health = store.health(); ; health = store.health()) {
      if (health.state === "loading" && /: [1-9][\d,]* of about/u.test(health.detail)) break;
      expect(health.state).toBe("loading");
      await nextTurn();
    }
    await store.close();
    expect(await outcome).toMatchObject({ code: "aborted" });
    const next = await open(folder.path, false);
    await expectAll(next);
    await next.close();
  });

  test("is closed before it was loaded, and lets go of its folder", async () => {
    const store = await open(folder.path, true);
    await store.close();
    await expect(store.load()).rejects.toMatchObject({ code: "aborted" });
    const next = await open(folder.path, false);
    await expectAll(next);
    await next.close();
  });

  test("killed in the middle of it, again and again, loses nothing and brings nothing back", async () => {
    for (let round = 0; round < 3; round++) {
      const { signal, stdout, stderr } = await runChild("./loading-store-child.mjs", ["load", killed.path]);
      expect([signal, stdout, stderr]).toEqual(["SIGKILL", expect.stringMatching(/^loading, [1-9]\d*$/u), ""]);
      expect(Number(stdout.split(" ")[1])).toBeLessThan(ENTRIES / 2);
    }
    const store = await open(killed.path, false);
    await expectAll(store);
    await store.close();
  }, 120_000);
});

const hasPipes = process.platform !== "win32";
if (!hasPipes) process.stderr.write("Skipped: a server whose store loads, because Windows has no mkfifo\n");

/**
 * A large file's `entries.closed` is read before anything else of it. As a pipe it holds the loading up, like a disk that
 * hangs, for as long as the test wants.
 */
describe.runIf(hasPipes)("a server whose store loads", () => {
  const LARGE_BYTES = 300 * 1024 * 1024;
  const KNOWN = "What was asked before the restart?";
  let provider: ImitationProvider;
  let folder: ReturnType<typeof makeFolder>;
  let data: string;
  let pipe: string;
  const started: Command[] = [];

  const files = () => ({
    "semcache.yaml": `server: { host: 127.0.0.1, port: 0 }\nupstream: { allow_public: false, providers: { openai: { base_url: "${provider.url}" } } }\nembedding: { workers: 1 }\n`,
  });
  function serve(): Command {
    const command = new Command(["serve", "--data", data], { files: files() });
    started.push(command);
    return command;
  }
  const get = (port: number, path: string) => ask(port, { method: "GET", path });
  const say = (port: number, prompt: string) => ask(port, { body: chat(prompt) });
  async function untilReady(port: number): Promise<void> {
    while ((await get(port, "/ready")).status !== 200) await nextTurn();
  }
  const isLine = (text: string) => (line: Readonly<Record<string, unknown>>) => line["msg"] === text;

  beforeAll(async () => {
    provider = await startImitationProvider();
    folder = makeFolder("loading");
    data = join(folder.path, "data");
    pipe = join(data, "entries.closed");
    const command = serve();
    const port = await command.listening();
    await untilReady(port);
    expect((await say(port, KNOWN)).outcome).toBe("miss/frame-new");
    command.process.kill("SIGTERM");
    expect(await command.finished).toMatchObject({ code: 0 });
    truncateSync(join(data, "entries-v1.mdb"), LARGE_BYTES);
    rmSync(pipe);
  }, 60_000);
  afterAll(async () => {
    for (const { process, finished } of started) {
      process.kill("SIGKILL");
      await finished;
    }
    folder.remove();
    await provider.close();
  });

  test("is told to stop, and loses nothing", { timeout: 60_000 }, async () => {
    execFileSync("mkfifo", [pipe]);
    const command = serve();
    await command.listening();
    command.process.kill("SIGTERM");
    await command.log(isLine("Draining"));
    await writeFile(pipe, "");
    expect(await command.finished).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect(command.stdout.lines.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
    rmSync(pipe);
    const next = serve();
    const port = await next.listening();
    await untilReady(port);
    expect((await say(port, KNOWN)).outcome).toBe("hit/exact");
    next.process.kill("SIGKILL");
    await next.finished;
  });

  test("relays, says what it waits for, and serves hits afterwards", { timeout: 60_000 }, async () => {
    execFileSync("mkfifo", [pipe]);
    const command = serve();
    const port = await command.listening();
    const waiting = await get(port, "/ready");
    expect(waiting.status).toBe(503);
    expect(waiting.json()).toMatchObject({
      status: "warming",
      parts: expect.arrayContaining(["store"]),
      details: { store: "its file is being opened and gone through" },
    });
    expect((await get(port, "/health")).status).toBe(200);

    const relayed = await say(port, KNOWN);
    expect([relayed.status, relayed.outcome]).toEqual([200, "miss/unavailable"]);
    expect(relayed.json()).toMatchObject({ choices: [{ finish_reason: "stop" }] });
    const line = await command.log(({ request }) => request === relayed.id);
    expect(line).toMatchObject({ notStored: "store-loading" });
    expect(line["stored"]).toBeUndefined();

    const admin = "/semcache/v1/admin";
    const refused: Readonly<Record<string, Question>> = {
      list: { method: "GET", path: `${admin}/entries` },
      show: { method: "GET", path: `${admin}/entries/some` },
      delete: { method: "DELETE", path: `${admin}/entries/some` },
      invalidate: { path: `${admin}/invalidate`, body: { all: true } },
      count: { path: `${admin}/invalidate`, body: { all: true, dry_run: true } },
      export: { method: "GET", path: `${admin}/export` },
      import: {
        path: `${admin}/import`,
        headers: [["content-type", "application/x-ndjson"]],
        body: '{"key":"a","data":"b"}\n',
      },
      put: { method: "PUT", path: "/semcache/v1/put", body: { key: "a", data: "b" } },
      get: { path: "/semcache/v1/get", body: { key: "a" } },
      feedback: { path: `${admin}/feedback`, body: { entry: "some", verdict: "wrong" } },
    };
    for (const [name, question] of Object.entries(refused)) {
      const answer = await ask(port, question);
      const headers = ["x-semcache-error", "retry-after", "x-should-retry"].map((header) => answer.header(header));
      expect([name, answer.status, ...headers]).toEqual([name, 503, "store-loading", "1", null]);
      expect(answer.json()).toMatchObject({ error: { message: expect.stringMatching(/^Cannot .* is not ready/u) } });
    }
    expect((await get(port, `${admin}/stats`)).json()).toMatchObject({ state: "warming" });
    expect((await get(port, "/metrics")).text).toMatch(/^semcache_store_writable 0$/mu);

    const second = await run(["serve", "--data", data], { files: files() });
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/^semcache: Cannot open the store in .* has it.*\n$/u);
    expect(second.stdout).not.toContain("Listening");

    await writeFile(pipe, "");
    expect(await command.log(isLine("The store has loaded its entries"))).toMatchObject({ entries: 1 });
    await untilReady(port);
    expect((await get(port, "/ready")).json()).toEqual({ status: "ready" });
    expect((await say(port, KNOWN)).outcome).toBe("hit/exact");
    expect((await ask(port, { path: "/semcache/v1/get", body: { key: "a" } })).status).toBe(404);
    // A line for each request that was relayed, and none about a fault.
    expect(command.stdout.lines.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
    command.process.kill("SIGKILL");
    await command.finished;
  });
});
