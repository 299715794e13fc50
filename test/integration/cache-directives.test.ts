import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace, message, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import type { LogLine } from "../support/log-collector.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
let nowMs = Date.UTC(2026, 0, 1);
const clock = { now: () => nowMs };

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url, {}, { clock });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const question = "How do I reset my password?";
const paraphrase = "How can I reset my password?";

/** A conversation with one namespace: outcome and text of each request. */
function room(server = semcache) {
  const namespace = freshNamespace();
  return (text: string, headers: HeaderList = [], changes: object = {}) =>
    ask(server.port, { headers: [namespace, ...headers], body: chat(text, changes) });
}

describe("cache-control", () => {
  it("no-store: neither read nor written", async () => {
    const say = room();
    const first = await say(question, [["cache-control", "no-store"]]);
    expect(first.outcome).toBe("bypass/no-store");
    expect((await say(question)).outcome).toBe("miss/frame-new");
    expect((await say(question, [["Cache-Control", "max-age=100, No-Store"]])).outcome).toBe("bypass/no-store");
    expect((await say(question)).outcome).toBe("hit/exact");
    expect(provider.requests).toHaveLength(3);
    expect(provider.requests.every(({ headers }) => headers["x-semcache-namespace"] === undefined)).toBe(true);
  });

  it.each<readonly [string, string]>([
    ["cache-control", "no-cache"],
    ["cache-control", "max-age=0"],
    ["x-semcache-mode", "refresh"],
  ])("%s: %s skips the read and replaces the entry", async (name, value) => {
    const say = room();
    const old = await say(question);
    const fresh = await say(question, [[name, value]]);
    expect(fresh.outcome).toBe("miss/refresh");
    expect(fresh.text).not.toBe(old.text);
    const after = await say(question);
    expect(after.outcome).toBe("hit/exact");
    expect(after.text).toBe(fresh.text);
    // The entry that was replaced is gone for paraphrases too.
    expect((await say(paraphrase)).text).toBe(fresh.text);
  });

  it("max-age: only entries that are younger", async () => {
    const say = room();
    await say(question);
    nowMs += 10_000;
    expect((await say(question, [["cache-control", "max-age=11"]])).header("age")).toBe("10");
    expect((await say(paraphrase, [["cache-control", "max-age=11"]])).outcome).toBe("hit/semantic");
    expect((await say(paraphrase, [["cache-control", "max-age=10"]])).outcome).toBe("miss/expired");
    // That miss was stored, and is young enough for both.
    expect((await say(paraphrase, [["cache-control", "max-age=10"]])).outcome).toBe("hit/exact");
    expect((await say(question, [["cache-control", "max-age=10"]])).outcome).toBe("hit/semantic");
  });

  it("only-if-cached: a hit, or a 504 and no provider", async () => {
    const say = room();
    const header: HeaderList = [["cache-control", "only-if-cached"]];
    const none = await say(question, header);
    expect(none.status).toBe(504);
    expect(none.outcome).toBe("miss/frame-new");
    expect(none.header("x-semcache-error")).toBe("only-if-cached");
    expect(none.header("x-should-retry")).toBe("false");
    expect(none.json()).toMatchObject({ error: { code: "only-if-cached", param: null } });
    expect(provider.requests).toHaveLength(0);
    await say(question);
    expect((await say(question, header)).outcome).toBe("hit/exact");
    expect((await say(paraphrase, header)).outcome).toBe("hit/semantic");
    // A bypass cannot give an answer from the cache either.
    const bypassed = await say(question, [...header, ["cache-control", "no-store"]]);
    expect([bypassed.status, bypassed.outcome]).toEqual([504, "bypass/no-store"]);
    expect(provider.requests).toHaveLength(1);
  });
});

describe("x-semcache-mode", () => {
  it("exact: equal requests only, and an entry that answers no others", async () => {
    const say = room();
    const exact: HeaderList = [["x-semcache-mode", "exact"]];
    await say(question);
    expect((await say(paraphrase, exact)).outcome).toBe("miss/no-candidate");
    expect((await say(question, exact)).outcome).toBe("hit/exact");
    const other = room();
    await other(question, exact);
    expect((await other(paraphrase)).outcome).toBe("miss/no-candidate");
    expect((await other(question)).outcome).toBe("hit/exact");
  });

  it("off: a bypass", async () => {
    const say = room();
    expect((await say(question, [["x-semcache-mode", "off"]])).outcome).toBe("bypass/off");
    expect((await say(question)).outcome).toBe("miss/frame-new");
    expect((await say(question, [["x-semcache-mode", "off"]])).outcome).toBe("bypass/off");
  });

  it("semantic: as configured", async () => {
    const say = room();
    await say(question);
    expect((await say(paraphrase, [["x-semcache-mode", "semantic"]])).outcome).toBe("hit/semantic");
  });
});

describe("x-semcache-ttl", () => {
  it("sets the life of the entry, in seconds", async () => {
    const say = room();
    await say(question, [["x-semcache-ttl", "60"]]);
    nowMs += 59_999;
    expect((await say(question)).outcome).toBe("hit/exact");
    expect((await say(paraphrase)).outcome).toBe("hit/semantic");
    nowMs += 1;
    const late = await say(question);
    expect(late.header("x-cache-status")).toBe("miss");
    // The new entry has the usual life: a week.
    nowMs += 7 * DAY_MS - 1;
    expect((await say(question)).outcome).toBe("hit/exact");
    nowMs += 1;
    expect((await say(question)).header("x-cache-status")).toBe("miss");
  });

  it("is capped by cache.max_ttl", async () => {
    const say = room();
    const stored = await say(question, [["x-semcache-ttl", "9999999999"]]);
    expect(stored.status).toBe(200);
    nowMs += 30 * DAY_MS - 1;
    expect((await say(question)).outcome).toBe("hit/exact");
    nowMs += 1;
    expect((await say(question)).header("x-cache-status")).toBe("miss");
  });

  it("0: looked up, not stored", async () => {
    const say = room();
    const first = await say(question, [["x-semcache-ttl", "0"]]);
    expect(first.outcome).toBe("miss/frame-new");
    expect(await semcache.log.waitFor((line) => line["request"] === first.id)).toMatchObject({ notStored: "ttl-zero" });
    expect((await say(question)).header("x-cache-status")).toBe("miss");
    expect((await say(question, [["x-semcache-ttl", "0"]])).outcome).toBe("hit/exact");
  });
});

describe("volatile prompts", () => {
  it("are kept for cache.volatile_ttl, whatever the caller wants", async () => {
    const say = room();
    const prompt = "What is the latest news from Berlin today?";
    expect((await say(prompt, [["x-semcache-ttl", "86400"]])).outcome).toBe("miss/volatile");
    nowMs += 5 * MINUTE_MS - 1;
    expect((await say(prompt)).outcome).toBe("hit/exact");
    nowMs += 1;
    expect((await say(prompt)).header("x-cache-status")).toBe("miss");
  });
});

describe("x-semcache-max-error", () => {
  it("0: nothing by meaning", async () => {
    const say = room();
    await say(question);
    expect((await say(paraphrase, [["x-semcache-max-error", "0"]])).outcome).toMatch(/^miss/u);
    expect((await say(question, [["x-semcache-max-error", "0"]])).outcome).toBe("hit/exact");
  });

  it("cannot make matching looser than the configuration", async () => {
    const strict = await startSemcache(provider.url, { matching: { max_error_rate: 0 } });
    const say = room(strict);
    await say(question);
    expect((await say(paraphrase, [["x-semcache-max-error", "1"]])).outcome).toMatch(/^miss/u);
    await strict.close();
  });
});

describe("values that are not allowed", () => {
  it.each<readonly [string, string]>([
    ["x-semcache-mode", "fast"],
    ["x-semcache-mode", ""],
    ["x-semcache-mode", "Exact"],
    ["x-semcache-ttl", "-1"],
    ["x-semcache-ttl", "1h"],
    ["x-semcache-ttl", "1.5"],
    ["x-semcache-ttl", "99999999999"],
    ["x-semcache-namespace", "a b"],
    ["x-semcache-namespace", "x".repeat(129)],
    ["x-semcache-tags", "a,b c"],
    ["x-semcache-tags", Array.from({ length: 33 }, (_, index) => `t${index}`).join()],
    ["x-semcache-max-error", "2"],
    ["x-semcache-max-error", "low"],
  ])("%s: %s", async (name, value) => {
    const headers: HeaderList = [[name, value]];
    const chats = await ask(semcache.port, { headers, body: chat(question) });
    expect([chats.status, chats.header("x-semcache-error")]).toEqual([400, "directive-invalid"]);
    expect(chats.header("x-should-retry")).toBe("false");
    expect(chats.json()).toEqual({
      error: {
        message: expect.stringContaining(name),
        type: "invalid_request_error",
        param: null,
        code: "directive-invalid",
      },
    });
    const messages = await ask(semcache.port, { path: "/v1/messages", headers, body: message(question) });
    expect(messages.status).toBe(400);
    expect(messages.json()).toEqual({
      type: "error",
      error: { type: "invalid_request_error", message: expect.stringContaining(name) },
    });
    expect(provider.requests).toHaveLength(0);
  });

  it("a directive on two lines", async () => {
    const headers: HeaderList = [
      ["x-semcache-ttl", "1"],
      ["x-semcache-ttl", "2"],
    ];
    expect((await ask(semcache.port, { headers, body: chat(question) })).status).toBe(400);
  });
});

describe("namespaces and tags", () => {
  it("a namespace has its own entries", async () => {
    const [say, other] = [room(), room()];
    await say(question);
    expect((await other(question)).outcome).toBe("miss/frame-new");
    expect((await other(paraphrase)).text).not.toBe((await say(question)).text);
  });

  it("tags go into the entry, from any number of lines", async () => {
    const say = room();
    await say(question, [
      ["x-semcache-tags", "a, b,,a"],
      ["X-Semcache-Tags", "c"],
    ]);
    const hit = await say(question);
    const path = `/semcache/v1/admin/entries/${String(hit.header("x-semcache-entry"))}`;
    expect((await ask(semcache.port, { method: "GET", path })).json()).toMatchObject({ tags: ["a", "b", "c"] });
  });
});

describe("the configuration", () => {
  const start = (cache: object) => startSemcache(provider.url, { cache }, { clock });

  it("cache.mode: exact", async () => {
    const server = await start({ mode: "exact" });
    const say = room(server);
    await say(question);
    expect((await say(question)).outcome).toBe("hit/exact");
    expect((await say(paraphrase, [["x-semcache-mode", "semantic"]])).outcome).toBe("miss/no-candidate");
    await server.close();
  });

  it("cache.mode: shadow makes the lookup, tells of it, and serves nothing", async () => {
    const server = await start({ mode: "shadow" });
    const say = room(server);
    expect((await say(question)).outcome).toBe("miss/frame-new");
    const would = await say(question);
    expect(would.outcome).toBe("miss/shadow");
    expect(would.header("x-semcache-entry")).toBeNull();
    const line = await server.log.waitFor(({ request, cache }) => request === would.id && cache !== undefined);
    expect(line).toMatchObject({ cache: "miss", reason: "shadow", match: "exact", entry: expect.any(String) });
    const meant = await say(paraphrase);
    expect(meant.outcome).toBe("miss/shadow");
    const isReport = ({ request, cache }: LogLine) => request === meant.id && cache !== undefined;
    expect(await server.log.waitFor(isReport)).toMatchObject({
      match: "semantic",
      confidence: expect.any(Number),
      similarity: expect.any(Number),
    });
    expect(provider.requests).toHaveLength(3);
    await server.close();
  });

  it("cache.mode: off is a bypass for all", async () => {
    const server = await start({ mode: "off" });
    const say = room(server);
    for (const mode of ["semantic", "exact", "refresh"]) {
      expect((await say(question, [["x-semcache-mode", mode]])).outcome).toBe("bypass/off");
    }
    await server.close();
  });

  it("cache.max_temperature", async () => {
    const server = await start({ max_temperature: 0.5 });
    const say = room(server);
    expect((await say(question, [], { temperature: 0.6 })).outcome).toBe("bypass/off");
    // Without a temperature the providers take 1.
    expect((await say(question)).outcome).toBe("bypass/off");
    expect((await say(question, [], { temperature: 0.5 })).outcome).toBe("miss/frame-new");
    expect((await say(question, [], { temperature: 0.5 })).outcome).toBe("hit/exact");
    await server.close();
  });

  it("cache.ignore_fields and cache.vary_headers", async () => {
    const server = await start({ ignore_fields: { "openai-chat": ["session_id"] }, vary_headers: ["X-Persona"] });
    const say = room(server);
    await say(question, [["x-persona", "pirate"]], { session_id: "1" });
    expect((await say(question, [["X-Persona", "pirate"]], { session_id: "2" })).outcome).toBe("hit/exact");
    expect((await say(question, [["x-persona", "judge"]])).outcome).toBe("miss/frame-new");
    expect((await say(question)).outcome).toBe("miss/frame-new");
    // A header that changes answers must reach the provider.
    expect(provider.requests.map(({ headers }) => headers["x-persona"])).toEqual(["pirate", "judge", undefined]);
    const anthropic = await ask(server.port, { path: "/v1/messages", body: message(question, { session_id: "1" }) });
    const other = await ask(server.port, { path: "/v1/messages", body: message(question, { session_id: "2" }) });
    expect(anthropic.header("x-semcache-frame")).not.toBe(other.header("x-semcache-frame"));
    await server.close();
  });

  it("cache.ttl, cache.volatile_ttl and cache.ttl: 0", async () => {
    const brief = await start({ ttl: "10s" });
    const say = room(brief);
    await say(question);
    nowMs += 9_999;
    expect((await say(question)).outcome).toBe("hit/exact");
    nowMs += 1;
    expect((await say(question)).header("x-cache-status")).toBe("miss");
    await brief.close();
    const none = await start({ ttl: "0s" });
    const tell = room(none);
    await tell(question);
    expect((await tell(question)).header("x-cache-status")).toBe("miss");
    await none.close();
  });
});
