import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApp } from "#semcache/app.js";
import { loadConfig } from "#semcache/config/load.js";
import { ask, chat } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { fixed } from "../support/imitation/faults.ts";
import { LogCollector } from "../support/log-collector.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let provider: ImitationProvider;
beforeAll(async () => {
  provider = await startImitationProvider();
});
beforeEach(() => provider.reset());
afterAll(() => provider.close());

interface Stats {
  readonly store: {
    readonly entries: number;
    readonly bytes: number;
    readonly removed: Readonly<Record<string, number>>;
  };
}

async function stats(server: RunningSemcache): Promise<Stats["store"]> {
  return ((await ask(server.port, { method: "GET", path: "/semcache/v1/admin/stats" })).json() as Stats).store;
}

describe("limits hold over the proxy, whatever is asked", () => {
  it("entries: the least recently used one leaves", async () => {
    const policy = { policy_type: "entry_limit", value: 3 };
    const server = await startSemcache(provider.url, { cache: { mode: "exact", eviction_policy: policy } });
    const say = (text: string) => ask(server.port, { body: chat(text) });
    for (const text of ["a", "b", "c"]) await say(text);
    expect((await say("a")).outcome).toBe("hit/exact");
    await say("d");
    expect(await stats(server)).toMatchObject({ entries: 3, removed: { limit: 1 } });
    expect((await say("a")).outcome).toBe("hit/exact");
    expect((await say("b")).outcome).toBe("miss/no-candidate");
    for (let index = 0; index < 20; index++) {
      await say(`text ${index}`);
      expect((await stats(server)).entries).toBeLessThanOrEqual(3);
    }
    expect((await say("text 19")).outcome).toBe("hit/exact");
    await server.close();
  });

  it("bytes: old ones make room for new ones, and what is larger than max_entry is not kept", async () => {
    const cache = { mode: "exact", max_entry: "300KiB", eviction_policy: { policy_type: "memory_limit_mb", value: 1 } };
    const server = await startSemcache(provider.url, { cache });
    const message = (size: number) => ({ role: "assistant", content: "x".repeat(size) });
    const body = (size: number) =>
      JSON.stringify({
        id: "c",
        object: "chat.completion",
        created: 1,
        model: "m",
        choices: [{ index: 0, message: message(size), finish_reason: "stop" }],
      });
    const say = async (text: string, size: number) => {
      provider.script(
        fixed({ status: 200, headers: [["content-type", "application/json"]], parts: [Buffer.from(body(size))] }),
      );
      const answer = await ask(server.port, { body: chat(text) });
      expect(answer.text).toHaveLength(body(size).length);
    };
    for (let index = 0; index < 10; index++) {
      await say(`text ${index}`, 250 * 1024);
      expect((await stats(server)).bytes).toBeLessThanOrEqual(1_048_576);
    }
    const { entries, removed } = await stats(server);
    expect(entries).toBeGreaterThanOrEqual(3);
    expect(removed["limit"]).toBe(10 - entries);
    await say("too large", 310 * 1024);
    expect((await stats(server)).entries).toBe(entries);
    await server.close();
  });
});

describe("a server whose models are not there yet", () => {
  it("is not ready, and serves: relays, and answers equal requests from the cache", async () => {
    const { config } = loadConfig({
      env: {},
      workingFolder: import.meta.dirname,
      overrides: {
        server: { host: "127.0.0.1", port: 0 },
        upstream: { allow_public: false, providers: { openai: { base_url: provider.url } } },
        // A store in a folder may be loading too.
        store: { path: null },
      },
    });
    const log = new LogCollector();
    const app = await createApp(config, { logStream: log });
    const { port } = await app.listen();
    // The workers need far longer to load than this turn takes.
    const early = await ask(port, { method: "GET", path: "/ready" });
    expect([early.status, early.json()]).toEqual([
      503,
      { status: "warming", parts: ["embedder"], details: expect.any(Object) },
    ]);
    expect((await ask(port, { method: "GET", path: "/health" })).status).toBe(200);
    expect((await ask(port, { body: chat("How do I reset my password?") })).outcome).toBe("miss/frame-new");
    expect((await ask(port, { body: chat("How do I reset my password?") })).outcome).toBe("hit/exact");
    await app.ready();
    expect((await ask(port, { method: "GET", path: "/ready" })).status).toBe(200);
    expect((await ask(port, { body: chat("How can I reset my password?") })).outcome).toBe("hit/semantic");
    await app.close();
  });
});
