import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace, message, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { held, paced } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url);
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const question = "How do I reset my password?";
const paraphrase = "How can I reset my password?";
const chatPath = "/v1/chat/completions";

type Caller = { readonly headers?: HeaderList; readonly query?: string };

/** Says the question as one caller, then (also in other words) as another: is the second given what the first got? */
async function isShared(first: Caller, second: Caller, path = chatPath, server = semcache): Promise<boolean> {
  const namespace = freshNamespace();
  const write = path === chatPath ? chat : message;
  const say = ({ headers = [], query = "" }: Caller, text: string) =>
    ask(server.port, { path: path + query, headers: [namespace, ...headers], body: write(text) });
  const own = await say(first, question);
  expect((await say(first, question)).text).toBe(own.text);
  const near = await say(second, paraphrase);
  const equal = await say(second, question);
  expect(near.text === own.text).toBe(equal.text === own.text);
  // Nobody's visit takes anything from the first.
  expect((await say(first, question)).text).toBe(own.text);
  return equal.text === own.text;
}

const bearer = (key: string): HeaderList => [["authorization", `Bearer ${key}`]];

describe("two credentials never share an answer", () => {
  it.each<[string, Caller, Caller]>([
    ["authorization", { headers: bearer("one") }, { headers: bearer("two") }],
    ["authorization, by one letter's case", { headers: bearer("one") }, { headers: bearer("One") }],
    ["authorization, by the scheme's case", { headers: bearer("one") }, { headers: [["authorization", "bearer one"]] }],
    ["x-api-key", { headers: [["x-api-key", "one"]] }, { headers: [["x-api-key", "two"]] }],
    ["api-key", { headers: [["api-key", "one"]] }, { headers: [["api-key", "two"]] }],
    ["x-goog-api-key", { headers: [["x-goog-api-key", "one"]] }, { headers: [["x-goog-api-key", "two"]] }],
    ["the same key in another header", { headers: [["x-api-key", "one"]] }, { headers: [["api-key", "one"]] }],
    [
      "one of two headers",
      { headers: [...bearer("one"), ["x-api-key", "a"]] },
      { headers: [...bearer("one"), ["x-api-key", "b"]] },
    ],
    ["a header less", { headers: [...bearer("one"), ["x-api-key", "a"]] }, { headers: bearer("one") }],
    ["a header more", { headers: bearer("one") }, { headers: [...bearer("one"), ["x-api-key", "a"]] }],
    [
      "a line more",
      { headers: [["x-api-key", "a"]] },
      {
        headers: [
          ["x-api-key", "a"],
          ["x-api-key", "b"],
        ],
      },
    ],
    [
      "lines in another order",
      {
        headers: [
          ["x-api-key", "a"],
          ["x-api-key", "b"],
        ],
      },
      {
        headers: [
          ["x-api-key", "b"],
          ["x-api-key", "a"],
        ],
      },
    ],
    [
      "two lines as one",
      {
        headers: [
          ["x-api-key", "a"],
          ["x-api-key", "b"],
        ],
      },
      { headers: [["x-api-key", "a, b"]] },
    ],
    ["no credential", { headers: bearer("one") }, {}],
    ["an empty credential", { headers: bearer("one") }, { headers: [["authorization", ""]] }],
    ["?key", { query: "?key=one" }, { query: "?key=two" }],
    ["?api_key", { query: "?api_key=one" }, { query: "?api_key=two" }],
    [
      "?key beside a header",
      { headers: bearer("one"), query: "?key=one" },
      { headers: bearer("one"), query: "?key=two" },
    ],
    ["a key in the query instead of a header", { headers: [["x-api-key", "one"]] }, { query: "?key=one" }],
  ])("%s", async (_, first, second) => {
    expect(await isShared(first, second)).toBe(false);
    expect(await isShared(second, first, "/v1/messages")).toBe(false);
  });

  it("a key in the address that x-llm-proxy-upstream names", async () => {
    const to = (query: string): Caller => ({
      headers: [["x-llm-proxy-upstream", `${provider.url}/v1/chat/completions${query}`]],
    });
    expect(await isShared(to("?key=one"), to("?key=two"))).toBe(false);
    expect(await isShared(to("?api_key=one"), to(""))).toBe(false);
    expect(await isShared(to("?key=one"), to("?key=one"))).toBe(true);
  });

  it("callers without one share (the provider decides what they may ask)", async () => {
    expect(await isShared({}, {})).toBe(true);
    expect(await isShared({ headers: [["proxy-authorization", "Basic YQ=="]] }, {})).toBe(true);
  });

  it("the same credential shares, whatever the SDK calls the header", async () => {
    const other: HeaderList = [
      ["AUTHORIZATION", "Bearer one"],
      ["user-agent", "other"],
    ];
    expect(await isShared({ headers: bearer("one") }, { headers: other })).toBe(true);
  });

  it("nor in a flight that is in the air", async () => {
    const namespace = freshNamespace();
    const gate = new Gate();
    provider.script(held(gate), { times: 3 });
    const say = (headers: HeaderList) => ask(semcache.port, { headers: [namespace, ...headers], body: chat(question) });
    const one = say(bearer("one"));
    await provider.waitForRequest(1);
    const two = say(bearer("two"));
    await provider.waitForRequest(2);
    const none = say([]);
    await provider.waitForRequest(3);
    gate.releaseAll();
    const texts = new Set((await Promise.all([one, two, none])).map(({ text }) => text));
    expect(texts.size).toBe(3);
  });

  it("one credential's equal requests do share a flight", async () => {
    const namespace = freshNamespace();
    const gate = new Gate();
    provider.script(paced(gate));
    const say = () =>
      ask(semcache.port, { headers: [namespace, ...bearer("one")], body: chat(question, { stream: true }) });
    const first = say();
    await gate.reached(1);
    const second = say();
    gate.releaseAll();
    const [a, b] = await Promise.all([first, second]);
    expect(b.text).toBe(a.text);
    expect(provider.requests).toHaveLength(1);
    expect(["miss/joined", "hit/exact"]).toContain(b.outcome);
  });
});

describe("what is put aside", () => {
  it("is the caller's own", async () => {
    const put = (headers: HeaderList, data: string) =>
      ask(semcache.port, { method: "PUT", path: "/semcache/v1/put", headers, body: { key: "tenancy", data } });
    const get = (headers: HeaderList) =>
      ask(semcache.port, { path: "/semcache/v1/get", headers, body: { key: "tenancy" } });
    await put(bearer("one"), "of one");
    expect((await get(bearer("two"))).status).toBe(404);
    expect((await get([])).status).toBe(404);
    await put(bearer("two"), "of two");
    expect((await get(bearer("one"))).text).toBe("of one");
    expect((await get(bearer("two"))).text).toBe("of two");
  });
});

describe("tenants in the operator's hands", () => {
  it("are ids that tell nothing of the credential; invalidate takes one", async () => {
    const namespace = freshNamespace();
    const say = (key: string) => ask(semcache.port, { headers: [namespace, ...bearer(key)], body: chat(question) });
    await say("sk-first-caller");
    await say("sk-second-caller");
    // A hit has waited for its entry: an invalidation stops all answers that are still on their way.
    expect((await say("sk-second-caller")).outcome).toBe("hit/exact");
    const hit = await say("sk-first-caller");
    const path = `/semcache/v1/admin/entries/${String(hit.header("x-semcache-entry"))}`;
    const { tenant } = (await ask(semcache.port, { method: "GET", path })).json() as { tenant: string };
    expect(tenant).toMatch(/^[\w-]{43}$/u);
    const removed = await ask(semcache.port, { path: "/semcache/v1/admin/invalidate", body: { tenant } });
    expect(removed.json()).toMatchObject({ entries: 1 });
    expect((await say("sk-first-caller")).outcome).toBe("miss/frame-new");
    expect((await say("sk-second-caller")).outcome).toBe("hit/exact");
  });
});

describe("tenancy: shared", () => {
  it("serves all callers, and warns", async () => {
    const server = await startSemcache(provider.url, { cache: { tenancy: "shared" } });
    await server.log.waitFor(({ level, msg }) => level === "warn" && /shared/u.test(String(msg)));
    expect(await isShared({ headers: bearer("one") }, { headers: bearer("two") }, chatPath, server)).toBe(true);
    expect(await isShared({}, { query: "?x=1" }, chatPath, server)).toBe(false);
    await server.close();
  });
});

describe("tenancy: header:<name>", () => {
  let server: RunningSemcache;
  beforeAll(async () => {
    server = await startSemcache(provider.url, { cache: { tenancy: "header:X-Tenant" } });
  });
  afterAll(() => server.close());
  const tenant = (name: string): HeaderList => [["x-tenant", name]];

  it("the header tells callers apart, credentials do not", async () => {
    const [a, b] = [tenant("a"), tenant("b")];
    expect(await isShared({ headers: a }, { headers: b }, chatPath, server)).toBe(false);
    expect(await isShared({ headers: a }, { headers: tenant("A") }, chatPath, server)).toBe(false);
    expect(
      await isShared(
        { headers: [...a, ...bearer("one")] },
        { headers: [["X-Tenant", "a"], ...bearer("two")] },
        chatPath,
        server,
      ),
    ).toBe(true);
  });

  it.each<[string, HeaderList]>([
    ["missing", bearer("one")],
    ["empty", [...bearer("one"), ["x-tenant", ""]]],
    ["there twice", [...bearer("one"), ["x-tenant", "a"], ["x-tenant", "a"]]],
  ])("%s: no-tenant", async (_, headers) => {
    for (const number of [1, 2]) {
      const answer = await ask(server.port, { headers, body: chat(question) });
      expect(answer.outcome).toBe("bypass/no-tenant");
      expect(provider.requests).toHaveLength(number);
    }
    expect((await ask(server.port, { path: "/semcache/v1/get", headers, body: { key: "k" } })).status).toBe(400);
  });

  it("may be one that is not looked at elsewhere, in any case", async () => {
    const byId = await startSemcache(provider.url, { cache: { tenancy: "header:X-Correlation-ID" } });
    const say = (id: string) => ask(byId.port, { headers: [["x-correlation-id", id]], body: chat(question) });
    const first = await say("a");
    // The second time the request is known by its bytes.
    expect([(await say("a")).text, (await say("a")).text]).toEqual([first.text, first.text]);
    expect((await say("b")).outcome).toBe("miss/frame-new");
    await byId.close();
  });

  it("does not reach the provider, also where nothing is cached", async () => {
    const secret: HeaderList = [...tenant("acme"), ...bearer("one")];
    await ask(server.port, { headers: secret, body: chat(question) });
    await ask(server.port, { method: "GET", path: "/v1/models", headers: secret });
    await ask(server.port, { headers: [...secret, ["cache-control", "no-store"]], body: chat(question) });
    expect(provider.requests).toHaveLength(3);
    for (const { rawHeaders } of provider.requests) {
      expect(rawHeaders.join("\n").toLowerCase()).not.toMatch(/x-tenant|acme|x-semcache|x-llm/u);
      expect(rawHeaders).toContain("Bearer one");
    }
  });
});
