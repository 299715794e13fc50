import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let nowMs = Date.UTC(2026, 0, 1);
let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  const limits = { cache: { max_entry: "4KiB", max_request: "4KiB" } };
  semcache = await startSemcache(provider.url, limits, { clock: { now: () => nowMs } });
});
beforeEach(async () => {
  provider.reset();
  await ask(semcache.port, { path: "/semcache/v1/admin/invalidate", body: { all: true } });
});
afterAll(async () => {
  // Values that an application keeps itself are no provider's business.
  expect(provider.requests).toHaveLength(0);
  await semcache.close();
  await provider.close();
});

const put = (body: object | string, headers: HeaderList = []) =>
  ask(semcache.port, { method: "PUT", path: "/semcache/v1/put", headers, body });
const get = (body: object | string, headers: HeaderList = []) =>
  ask(semcache.port, { path: "/semcache/v1/get", headers, body });

const key = "How do I reset my password?";
const paraphrase = "How can I reset my password?";

describe("put and get", () => {
  it("200 and the bytes as text, or 404 and nothing", async () => {
    const none = await get({ key });
    expect([none.status, none.text, none.header("content-length")]).toEqual([404, "", "0"]);
    expect(none.outcome).toBe("miss/frame-new");
    const data = 'Zürich – 数字 👩‍🚀\u0000\r\n\u2028 {"a":1}';
    expect((await put({ key, data })).status).toBe(200);
    const found = await get({ key });
    expect([found.status, found.text, found.outcome]).toEqual([200, data, "hit/exact"]);
    expect(found.header("content-type")).toBe("text/plain; charset=utf-8");
    expect(found.header("content-length")).toBe(String(Buffer.byteLength(data)));
  });

  it("the same key replaces, in every way of finding it", async () => {
    await put({ key, data: "old" });
    await put({ key, data: "new" });
    expect((await get({ key })).text).toBe("new");
    expect((await get({ key: paraphrase })).text).toBe("new");
    expect(await entries()).toHaveLength(1);
  });

  it("a hit tells of its match, its entry and its age", async () => {
    await put({ key, data: "Settings, then Security" });
    nowMs += 2_500;
    const [same, other] = [await get({ key }), await get({ key: paraphrase })];
    const [{ id }] = (await entries()) as [{ id: string }];
    for (const found of [same, other])
      expect([found.header("age"), found.header("x-semcache-entry")]).toEqual(["2", id]);
    expect([same.header("x-semcache-similarity"), same.header("x-semcache-confidence")]).toEqual(["1", "1"]);
    for (const name of ["x-semcache-similarity", "x-semcache-confidence"]) {
      expect(other.header(name)).toMatch(/^0\.\d{4}$/u);
    }
    expect(same.id).not.toBe(other.id);
  });

  it("an empty value is a value", async () => {
    await put({ key, data: "" });
    const found = await get({ key });
    expect([found.status, found.text]).toEqual([200, ""]);
  });

  it("a key in other words finds the value; another question does not", async () => {
    await put({ key, data: "Settings, then Security" });
    const found = await get({ key: paraphrase });
    expect([found.outcome, found.text]).toEqual(["hit/semantic", "Settings, then Security"]);
    expect((await get({ key: "How many moons does Jupiter have?" })).status).toBe(404);
  });

  it("keys that are equal for the eye are not equal", async () => {
    await put({ key: "x7-caf\u00e9-42", data: "composed" });
    await put({ key: "x7-cafe\u0301-42", data: "decomposed" });
    expect((await get({ key: "x7-caf\u00e9-42" })).text).toBe("composed");
    expect((await get({ key: "x7-cafe\u0301-42" })).text).toBe("decomposed");
  });

  it("keys about now are found by the same words only, for five minutes", async () => {
    await put({ key: "What is the weather today?", data: "rain" });
    expect((await get({ key: "How is the weather today?" })).outcome).toBe("miss/volatile");
    nowMs += 5 * 60_000 - 1;
    expect((await get({ key: "What is the weather today?" })).text).toBe("rain");
    nowMs += 1;
    expect((await get({ key: "What is the weather today?" })).status).toBe(404);
  });
});

describe("ttl, tags and namespace", () => {
  it("ttl in seconds, capped by cache.max_ttl", async () => {
    await put({ key, data: "brief", ttl: 10 });
    await put({ key: "Which year was Rome founded?", data: "long", ttl: 1e9 });
    nowMs += 9_999;
    expect((await get({ key })).text).toBe("brief");
    nowMs += 1;
    expect((await get({ key })).status).toBe(404);
    nowMs += 30 * 86_400_000;
    expect((await get({ key: "Which year was Rome founded?" })).status).toBe(404);
  });

  it("tags are for invalidation, which a later put survives", async () => {
    await put({ key, data: "a", tags: ["docs", "v1"] });
    await put({ key: "Which year was Rome founded?", data: "b", tags: ["history"] });
    const invalidate = (body: object) => ask(semcache.port, { path: "/semcache/v1/admin/invalidate", body });
    expect((await invalidate({ tags: ["docs"], dry_run: true })).json()).toMatchObject({ dry_run: true, entries: 1 });
    expect((await get({ key })).status).toBe(200);
    expect((await invalidate({ tags: ["docs"] })).json()).toMatchObject({ dry_run: false, entries: 1 });
    expect((await get({ key })).status).toBe(404);
    expect((await get({ key: "Which year was Rome founded?" })).text).toBe("b");
    await put({ key, data: "c", tags: ["docs"] });
    expect((await get({ key })).text).toBe("c");
  });

  it("a namespace has its own keys", async () => {
    await put({ key, data: "one", namespace: "one" });
    expect((await get({ key })).status).toBe(404);
    expect((await get({ key, namespace: "two" })).status).toBe(404);
    expect((await get({ key, namespace: "one" })).text).toBe("one");
    expect((await get({ key: paraphrase, namespace: "two" })).status).toBe(404);
  });
});

describe("cache.volatile_ttl longer than cache.ttl", () => {
  it("makes nothing live longer", async () => {
    const server = await startSemcache(provider.url, { cache: { ttl: "60s", volatile_ttl: "1h" } });
    for (const asked of [key, "What is the weather today?"]) {
      const body = { key: asked, data: "x" };
      const answer = await ask(server.port, { method: "PUT", path: "/semcache/v1/put", body });
      const { expires_at: expiresAt } = answer.json() as { expires_at: string };
      expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 60_000);
    }
    await server.close();
  });
});

describe("bodies that are wrong", () => {
  it.each<[string, object | string]>([
    ["no key", { data: "x" }],
    ["no data", { key }],
    ["an empty key", { key: "", data: "x" }],
    ["data that is no string", { key, data: { a: 1 } }],
    ["a ttl of 0", { key, data: "x", ttl: 0 }],
    ["a ttl that is no number", { key, data: "x", ttl: "1h" }],
    ["a tag with a space", { key, data: "x", tags: ["a b"] }],
    ["a field that does not exist", { key, data: "x", tll: 5 }],
    ["an array", []],
    ["half of JSON", '{"key":'],
  ])("put: %s", async (_, body) => {
    const answer = await put(body, [["content-type", "application/json"]]);
    expect([answer.status, answer.header("x-semcache-error")]).toEqual([400, "bad-request"]);
    expect(await entries()).toHaveLength(0);
  });

  it("get: no key, and a type that is not JSON", async () => {
    expect((await get({})).status).toBe(400);
    expect((await get(`{"key":"x"}`, [["content-type", "text/plain"]])).status).toBe(415);
    expect((await get("", [["content-type", "application/json"]])).status).toBe(400);
  });

  it("a value over cache.max_entry, and a body over all caps", async () => {
    expect((await put({ key, data: "x".repeat(4096) })).status).toBe(200);
    const large = await put({ key, data: "ü".repeat(2049) });
    expect([large.status, large.header("x-semcache-error")]).toEqual([413, "body-too-large"]);
    expect((await put({ key, data: "x".repeat(100_000) })).status).toBe(413);
    // What was there stays.
    expect((await get({ key })).text).toHaveLength(4096);
  });

  it("other methods and paths", async () => {
    for (const [method, path] of [
      ["POST", "/semcache/v1/put"],
      ["GET", "/semcache/v1/get"],
      ["DELETE", "/semcache/v1/get"],
    ] as const) {
      const answer = await ask(semcache.port, { method, path });
      expect([answer.status, answer.header("allow")]).toEqual([405, path.endsWith("put") ? "PUT" : "POST"]);
    }
    expect((await ask(semcache.port, { method: "GET", path: "/semcache/v1/other" })).status).toBe(404);
  });
});

describe("who may put and get", () => {
  it.each<[string, readonly [string, string]]>([
    ["another name for this host", ["host", "cache.example"]],
    ["a request that came through a proxy", ["x-forwarded-for", "127.0.0.1"]],
    ["a page of another origin", ["origin", "https://evil.example"]],
  ])("not %s", async (_, header) => {
    for (const answer of [await put({ key, data: "x" }, [header]), await get({ key }, [header])]) {
      expect(answer.status).toBe(403);
    }
    expect(await entries()).toHaveLength(0);
  });

  it("with a token, only who has it", async () => {
    const server = await startSemcache(provider.url, { server: { admin_token: "a-token-that-is-long" } });
    const body = { key, data: "x" };
    const say = (headers: HeaderList) => ask(server.port, { method: "PUT", path: "/semcache/v1/put", headers, body });
    expect((await say([])).status).toBe(401);
    expect((await say([["authorization", "Bearer wrong"]])).status).toBe(401);
    expect((await say([["authorization", "Bearer a-token-that-is-long"]])).status).toBe(200);
    await server.close();
  });
});

describe("cache.mode", () => {
  it("exact: no comparison by meaning", async () => {
    const server = await startSemcache(provider.url, { cache: { mode: "exact" } });
    await ask(server.port, { method: "PUT", path: "/semcache/v1/put", body: { key, data: "x" } });
    expect((await ask(server.port, { path: "/semcache/v1/get", body: { key } })).outcome).toBe("hit/exact");
    expect((await ask(server.port, { path: "/semcache/v1/get", body: { key: paraphrase } })).status).toBe(404);
    await server.close();
  });
});

async function entries(): Promise<readonly unknown[]> {
  const list = await ask(semcache.port, { method: "GET", path: "/semcache/v1/admin/entries" });
  return (list.json() as { entries: unknown[] }).entries;
}
