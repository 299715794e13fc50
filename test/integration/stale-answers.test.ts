import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace, message, toAnswer, type Answer, type HeaderList } from "../support/ask.ts";
import { breakBeforeHead, breakMidBody, fixed, garbage, held, neverAnswer } from "../support/imitation/faults.ts";
import { Gate, type Script } from "../support/imitation/script.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { openRaw, rawRequest } from "../support/raw-http.ts";
import { parsePrometheusText } from "../support/prometheus-text.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import { watchWarnings } from "./relay-scene.ts";

/** What the servers of this file keep answers for, and how long past that they may answer for a provider that fails. */
const TTL_MS = 10_000;
const STALE_MS = 30_000;
const cache = { ttl: "10s", volatile_ttl: "5s", stale_if_error: "30s", max_stale: "50s" };
let nowMs = Date.UTC(2026, 0, 1);
const clock = { now: () => nowMs };

let provider: ImitationProvider;
let semcache: RunningSemcache;
const watch = watchWarnings();
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url, { cache }, { clock });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
  watch.stop();
  expect(watch.warnings).toEqual([]);
});

const question = "How do I reset my password?";
const paraphrase = "How can I reset my password?";
const failure = Buffer.from(JSON.stringify({ error: { message: "Overloaded", type: "server_error" } }));

/** The provider's own answer with this status. */
function status(code: number, body = failure): Script {
  return fixed({ status: code, headers: [["content-type", "application/json"]], parts: [body] });
}

interface Room {
  (text?: string, headers?: HeaderList, changes?: object): Promise<Answer>;
  readonly namespace: string;
}

/** A conversation with one namespace. */
function room(server = semcache, dialect: "openai" | "anthropic" = "openai"): Room {
  const header = freshNamespace();
  const [path, toBody] =
    dialect === "openai" ? (["/v1/chat/completions", chat] as const) : (["/v1/messages", message] as const);
  const say = (text = question, headers: HeaderList = [], changes: object = {}) =>
    ask(server.port, { path, headers: [header, ...headers], body: toBody(text, changes) });
  return Object.assign(say, { namespace: header[1] });
}

const control = (value: string): HeaderList => [["cache-control", value]];

/** An entry that has just expired; the provider has failed `times` requests. */
async function expired(fault: Script | null, { say = room(), times = 1 } = {}): Promise<{ say: Room; first: Answer }> {
  const first = await say();
  expect(first.outcome).toBe("miss/frame-new");
  nowMs += TTL_MS;
  if (fault) provider.script(fault, { times });
  return { say, first };
}

async function withSemcache(
  overrides: { readonly [key: string]: unknown },
  run: (server: RunningSemcache) => Promise<void>,
): Promise<void> {
  const server = await startSemcache(provider.url, overrides, { clock });
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

describe("where the provider fails", () => {
  it.each<readonly [string, Script, string]>([
    ["500", status(500), "provider-5xx"],
    ["502", status(502), "provider-5xx"],
    ["503", status(503), "provider-5xx"],
    ["504", status(504), "provider-5xx"],
    ["529", status(529), "provider-5xx"],
    ["a connection that breaks", breakBeforeHead(), "provider-broken"],
    ["what is not HTTP", garbage(), "provider-broken"],
    ["a 500 that breaks off", breakAfter(500), "provider-5xx"],
  ])("the expired entry answers: %s", async (_, fault, cause) => {
    const { say, first } = await expired(fault);
    nowMs += 5_000;
    const stale = await say();
    expect([stale.status, stale.outcome, stale.header("x-semcache-stale")]).toEqual([200, "stale/exact", cause]);
    expect(stale.body.equals(first.body)).toBe(true);
    expect(stale.header("age")).toBe("15");
    expect(stale.header("x-semcache-entry")).toMatch(/^[\da-f-]{36}$/);
    expect(stale.header("content-type")).toBe("application/json");
    expect(stale.header("x-semcache-similarity")).toBe("1");
    // Nothing was saved, and nothing of the failure is told but its kind.
    for (const name of ["x-semcache-saved-tokens", "x-semcache-reason", "x-semcache-error", "warning"]) {
      expect([name, stale.header(name)]).toEqual([name, null]);
    }
    expect(provider.requests).toHaveLength(2);
    // A provider that is back is asked as before.
    expect((await say()).outcome).toBe("miss/expired");
    expect((await say()).outcome).toBe("hit/exact");
  });

  it("the rest of a failure that was left is not waited for", async () => {
    const { say } = await expired(({ response }) => {
      response.writeHead(503, { "content-type": "application/json" });
      response.write("{");
    });
    const stale = await say();
    expect(stale.outcome).toBe("stale/exact");
    await provider.waitFor(() => provider.events.some(({ kind }) => kind === "aborted"), "the end of the call");
    // It was the provider's doing, not the client's.
    const line = await semcache.log.waitFor(({ request }) => request === stale.id);
    expect(line).toMatchObject({ cache: "stale", notStored: "status" });
  });

  it("nobody listens", async () => {
    const gone = await startImitationProvider();
    const server = await startSemcache(gone.url, { cache }, { clock });
    const { say, first } = await expired(null, { say: room(server) });
    await gone.close();
    const stale = await say();
    expect([stale.outcome, stale.header("x-semcache-stale")]).toEqual(["stale/exact", "provider-unreachable"]);
    expect(stale.text).toBe(first.text);
    // Of another question nothing is known.
    const other = await say("What is the capital of France?");
    expect([other.status, other.header("x-semcache-error")]).toEqual([502, "upstream-unreachable"]);
    await server.close();
  });

  it("no answer begins in time", async () => {
    const timeouts = { connect: "10s", headers: "300ms", idle: "10s" };
    await withSemcache({ cache, upstream: { timeouts } }, async (server) => {
      const { say, first } = await expired(neverAnswer(), { say: room(server) });
      const stale = await say();
      expect([stale.outcome, stale.header("x-semcache-stale")]).toEqual(["stale/exact", "provider-timeout"]);
      expect(stale.text).toBe(first.text);
    });
  });

  it.each(["openai", "anthropic"] as const)("in the form that is asked for: %s", async (dialect) => {
    for (const [stored, asked] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const say = room(semcache, dialect);
      await say(question, [], { stream: stored });
      const hit = await say(question, [], { stream: asked });
      expect(hit.outcome).toBe("hit/exact");
      nowMs += TTL_MS;
      provider.script(status(503));
      const stale = await say(question, [], { stream: asked });
      expect(stale.outcome).toBe("stale/exact");
      expect(stale.header("content-type")).toBe(hit.header("content-type"));
      expect(stale.text).toBe(hit.text);
    }
  });

  it.each([400, 401, 404, 429, 501, 505])("a %i is the provider's answer", async (code) => {
    const { say } = await expired(status(code));
    const answer = await say();
    expect([answer.status, answer.outcome, answer.text]).toEqual([code, "miss/expired", failure.toString()]);
  });

  it("without an entry its failure is the client's, byte for byte, however long it is", async () => {
    const body = Buffer.alloc(300_000, "x");
    provider.script(status(500, body));
    const answer = await room()();
    expect([answer.status, answer.outcome, answer.header("x-semcache-stale")]).toEqual([500, "miss/frame-new", null]);
    expect(answer.body.equals(body)).toBe(true);
    provider.script(breakBeforeHead());
    const refused = await room()();
    expect([refused.status, refused.header("x-semcache-error")]).toEqual([502, "upstream-broken"]);
  });

  it("without an entry a failure that breaks off is broken for the client too", async () => {
    provider.script(breakAfter(500));
    await expect(room()()).rejects.toThrow(/closed|reset/);
  });

  it.each([true, false])("not once its answer has begun (stream: %j)", async (stream) => {
    const { say } = await expired(breakMidBody(2), { say: room() });
    await expect(say(question, [], { stream })).rejects.toThrow(/closed|reset/);
    expect((await say(question, [], { stream })).outcome).toBe("miss/expired");
  });

  it("and not by an answer that is older than the limit by a millisecond", async () => {
    const { say } = await expired(status(500), { times: 2 });
    nowMs += STALE_MS;
    expect((await say()).outcome).toBe("stale/exact");
    nowMs += 1;
    const late = await say();
    expect([late.status, late.outcome]).toEqual([500, "miss/expired"]);
  });

  it("answers about now only for as long as they were good", async () => {
    const say = room();
    const now = "What is the weather in Paris today?";
    await say(now);
    nowMs += 5_000;
    provider.script(status(500), { times: 3 });
    nowMs += 5_000;
    expect((await say(now)).outcome).toBe("stale/exact");
    nowMs += 1;
    expect((await say(now)).status).toBe(500);
    expect((await say(now, control("stale-if-error=20"))).outcome).toBe("stale/exact");
  });
});

describe("near misses", () => {
  it.each<readonly [string, HeaderList, object]>([
    ["another tenant", [["authorization", "Bearer other"]], {}],
    ["another model", [], { model: "gpt-4o-mini" }],
    ["another frame", [], { temperature: 0.5 }],
    ["another system prompt", [], { messages: [{ role: "system", content: "Be brief" }, user(question)] }],
    ["another prompt", [], { messages: [user(`${question} `)] }],
    ["other words for the same", [], { messages: [user(paraphrase)] }],
  ])("%s gets the failure", async (_, headers, changes) => {
    const { say } = await expired(status(500));
    const answer = await say(question, headers, changes);
    expect([answer.status, answer.header("x-cache-status"), answer.header("x-semcache-stale")]).toEqual([
      500,
      "miss",
      null,
    ]);
  });

  it("an entry in another namespace answers nobody here", async () => {
    await expired(status(500));
    expect((await room()()).status).toBe(500);
  });

  it.each<readonly [string, (namespace: string, entry: string) => Promise<unknown>]>([
    ["deleted", (_, entry) => admin("DELETE", `entries/${entry}`)],
    ["invalidated", (namespace) => admin("POST", "invalidate", { namespace })],
    ["called wrong", (_, entry) => admin("POST", "feedback", { entry, verdict: "wrong" })],
    ["too old", async () => (nowMs += STALE_MS + 1)],
  ])("%s while the provider was asked", async (_, happens) => {
    const { say } = await expired(null);
    nowMs -= 1;
    const entry = (await say()).header("x-semcache-entry") ?? "";
    nowMs += 1;
    const gate = new Gate();
    provider.script(async (exchange) => {
      await gate.pass();
      await status(500)(exchange);
    });
    const asking = say();
    await gate.reached(1);
    await happens(say.namespace, entry);
    gate.release();
    const answer = await asking;
    expect([answer.status, answer.outcome]).toEqual([500, "miss/expired"]);
  });

  it("who has no part in a failed flight's entry gets the failure, the others their answer", async () => {
    const { say, first } = await expired(null);
    const gate = new Gate();
    provider.script(async (exchange) => {
      await gate.pass();
      await status(500)(exchange);
    });
    const strict = say(question, control("stale-if-error=0"));
    await gate.reached(1);
    const lenient = [say(), say(question, control("stale-if-error=5"))];
    await settled();
    gate.release();
    expect([(await strict).status, (await strict).outcome]).toEqual([500, "miss/expired"]);
    for (const answer of await Promise.all(lenient)) {
      expect([answer.outcome, answer.text]).toEqual(["stale/exact", first.text]);
    }
    expect(provider.requests).toHaveLength(2);
  });

  it("a flight that breaks before its answer: each reader gets its own, after the one more call that they share", async () => {
    const { say, first } = await expired(null);
    const gate = new Gate();
    const breaks: Script = async (exchange) => {
      await gate.pass();
      exchange.socket.destroy();
    };
    provider.script(breaks, { times: 2 });
    const answers = [say()];
    await gate.reached(1);
    answers.push(say(), say(question, control("stale-if-error=0")));
    await settled();
    gate.release(2);
    const [one, two, three] = await Promise.all(answers);
    expect([one?.outcome, one?.text, two?.outcome, two?.text]).toEqual([
      "stale/exact",
      first.text,
      "stale/exact",
      first.text,
    ]);
    expect([three?.status, three?.header("x-semcache-error")]).toEqual([502, "upstream-broken"]);
    expect(provider.requests).toHaveLength(3);
  });
});

describe("what a caller may ask", () => {
  it("is off where nothing is configured, and on for who asks, up to cache.max_stale", async () => {
    await withSemcache({ cache: { ttl: "10s", max_stale: "20s" } }, async (server) => {
      const { say } = await expired(status(500), { say: room(server), times: 9 });
      expect((await say()).status).toBe(500);
      expect((await say(question, control("stale-if-error=5"))).outcome).toBe("stale/exact");
      expect((await say(question, control("stale-if-error"))).outcome).toBe("stale/exact");
      nowMs += 5_001;
      expect((await say(question, control("stale-if-error=5"))).status).toBe(500);
      nowMs += 14_999;
      expect((await say(question, control("stale-if-error=9999"))).outcome).toBe("stale/exact");
      nowMs += 1;
      expect((await say(question, control("stale-if-error=9999"))).status).toBe(500);
    });
  });

  it("stale-if-error=0 turns it off", async () => {
    const { say } = await expired(status(500));
    expect((await say(question, control("stale-if-error=0"))).status).toBe(500);
  });

  it("no-cache: only with a stale-if-error of its own, and then by what has not expired too", async () => {
    const say = room();
    const first = await say();
    provider.script(status(500), { times: 4 });
    expect((await say(question, control("no-cache"))).status).toBe(500);
    for (const wish of ["no-cache, stale-if-error=5", "max-age=0, stale-if-error=5"]) {
      const answer = await say(question, control(wish));
      expect([answer.outcome, answer.text]).toEqual(["stale/exact", first.text]);
    }
    // No-cache counts from the expiry, max-age from the age.
    nowMs += TTL_MS + 5_000;
    expect((await say(question, control("no-cache, stale-if-error=5"))).outcome).toBe("stale/exact");
    provider.script(status(500));
    expect((await say(question, control("max-age=0, stale-if-error=14"))).status).toBe(500);
  });

  it("max-age: what is configured does not count, what the request names does", async () => {
    const say = room();
    await say();
    nowMs += 5_000;
    provider.script(status(500), { times: 3 });
    expect((await say(question, control("max-age=3"))).status).toBe(500);
    expect((await say(question, control("max-age=3, stale-if-error=1"))).status).toBe(500);
    expect((await say(question, control("max-age=3, stale-if-error=2"))).outcome).toBe("stale/exact");
    expect((await say(question, control("max-age=6"))).outcome).toBe("hit/exact");
  });

  it("no-store and x-semcache-mode: off: no cache at all", async () => {
    const { say } = await expired(status(500), { times: 2 });
    expect((await say(question, control("no-store, stale-if-error=5"))).outcome).toBe("bypass/no-store");
    expect((await say(question, [["x-semcache-mode", "off"]])).outcome).toBe("bypass/off");
  });

  it("max-stale: at once, and nobody is asked", async () => {
    const { say, first } = await expired(null);
    nowMs += 5_000;
    for (const wish of ["max-stale=5", "max-stale", "only-if-cached, max-stale=5"]) {
      const answer = await say(question, control(wish));
      expect([answer.outcome, answer.header("x-semcache-stale")]).toEqual(["stale/exact", "max-stale"]);
      expect(answer.text).toBe(first.text);
      expect(Number(answer.header("x-semcache-saved-tokens"))).toBeGreaterThan(0);
    }
    expect((await say(question, control("only-if-cached"))).status).toBe(504);
    expect((await say(question, control("only-if-cached, stale-if-error=60"))).status).toBe(504);
    expect(provider.requests).toHaveLength(1);
    expect((await say(question, control("max-stale=4"))).outcome).toBe("miss/expired");
  });

  it("cache.mode: shadow serves nothing stale", async () => {
    await withSemcache({ cache: { ...cache, mode: "shadow" } }, async (server) => {
      const { say } = await expired(status(500), { say: room(server) });
      expect((await say(question, control("max-stale, stale-if-error"))).status).toBe(500);
    });
  });
});

describe("cache.stale_match: semantic", () => {
  it("an expired entry answers what means the same, after the same judgement", async () => {
    await withSemcache({ cache: { ...cache, stale_match: "semantic" } }, async (server) => {
      const { say, first } = await expired(status(500), { say: room(server), times: 9 });
      const stale = await say(paraphrase);
      expect([stale.outcome, stale.text]).toEqual(["stale/semantic", first.text]);
      expect(Number(stale.header("x-semcache-confidence"))).toBeLessThan(1);
      for (const other of ["How do I reset my username?", "How do I reset my password without email?"]) {
        expect((await say(other)).status).toBe(500);
      }
      expect((await say(paraphrase, [["x-semcache-mode", "exact"]])).status).toBe(500);
      expect((await say(paraphrase, [["authorization", "Bearer other"]])).status).toBe(500);
      expect((await say(paraphrase, [], { temperature: 0.5 })).status).toBe(500);
      expect((await say(paraphrase, control("max-stale"))).outcome).toBe("stale/semantic");
      // A semantic answer makes no entry.
      expect((await say(paraphrase, [...control("only-if-cached"), ["x-semcache-mode", "exact"]])).status).toBe(504);
      await feedback(server, { request: stale.id, verdict: "wrong" });
      expect((await say(paraphrase)).status).toBe(500);
    });
  });
});

describe("what is told of it", () => {
  it("log, decisions, metrics and stats", async () => {
    await withSemcache({ cache, store: { path: null } }, async (server) => {
      const { say } = await expired(status(500), { say: room(server) });
      const stale = await say();
      const line = await server.log.waitFor(({ request }) => request === stale.id);
      expect(line).toMatchObject({
        cache: "stale",
        stale: "provider-5xx",
        match: "exact",
        entry: stale.header("x-semcache-entry"),
        notStored: "status",
        status: 200,
      });
      expect(line).not.toHaveProperty("reason");
      expect(line).not.toHaveProperty("savedTokens");
      expect(line).not.toHaveProperty("error");
      const get = async (path: string) => ask(server.port, { method: "GET", path });
      const decisions = await get("/semcache/v1/admin/decisions?limit=1");
      expect(decisions.json()).toMatchObject({
        decisions: [{ id: stale.id, cacheStatus: "stale", stale: "provider-5xx" }],
      });
      expect((await get("/semcache/v1/admin/stats")).json()).toMatchObject({
        totals: { requests: 2, misses: 1, stale: { "provider-5xx": 1 }, hitRate: 0.5 },
      });
      const dashboard = (await get("/dashboard-metrics")).json() as { metrics: readonly object[] };
      expect(dashboard.metrics).toContainEqual(expect.objectContaining({ name: "Hits", value: 1 }));
      const families = parsePrometheusText((await get("/metrics")).text);
      const samplesOf = (name: string) =>
        families.get(name)?.samples.map(({ labels, value }) => [...labels.values(), value].join(" "));
      expect(samplesOf("semcache_stale_answers_total")).toEqual(["provider-5xx 1"]);
      expect(samplesOf("semcache_cache_hit")).toEqual(["1"]);
      expect(samplesOf("semcache_cache_miss")).toEqual(["1"]);
    });
  });

  it("whoever got it may call it wrong, and its entry answers no more", async () => {
    const { say } = await expired(status(500), { times: 2 });
    const stale = await say();
    expect(stale.outcome).toBe("stale/exact");
    expect((await feedback(semcache, { request: stale.id, verdict: "wrong" })).status).toBe(200);
    expect((await say()).status).toBe(500);
  });
});

it("a client that leaves while the provider is asked takes nothing along", async () => {
  const { say } = await expired(null);
  const gate = new Gate();
  provider.script(held(gate));
  const connection = await openRaw(semcache.port);
  const headers: HeaderList = [
    ["content-type", "application/json"],
    ["x-semcache-namespace", say.namespace],
  ];
  await connection.send(rawRequest("POST", "/v1/chat/completions", headers, JSON.stringify(chat(question))));
  await gate.reached(1);
  connection.destroy();
  await provider.waitFor(() => provider.events.some(({ kind }) => kind === "aborted"), "the end of the call");
  provider.script(status(500));
  expect((await say()).outcome).toBe("stale/exact");
});

it("two requests on one connection: the next answer comes after a stale one", async () => {
  const { say, first } = await expired(status(500));
  const connection = await openRaw(semcache.port);
  const headers: HeaderList = [
    ["content-type", "application/json"],
    ["x-semcache-namespace", say.namespace],
  ];
  const request = rawRequest("POST", "/v1/chat/completions", headers, JSON.stringify(chat(question)));
  await connection.send(Buffer.concat([request, request]));
  const answers = [toAnswer(await connection.readAnswer()), toAnswer(await connection.readAnswer())];
  expect(answers.map(({ outcome }) => outcome)).toEqual(["stale/exact", "miss/expired"]);
  expect(answers[0]?.text).toBe(first.text);
  connection.destroy();
});

function user(content: string): object {
  return { role: "user", content };
}

/** A head with this status, half of its body, and then nothing more. */
function breakAfter(code: number): Script {
  return async ({ request, socket }) => {
    await request.received;
    socket.end(`HTTP/1.1 ${code} Broken\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"half`, () =>
      socket.destroy(),
    );
  };
}

function admin(method: string, path: string, body?: object) {
  return ask(semcache.port, { method, path: `/semcache/v1/admin/${path}`, ...(body && { body }) });
}

function feedback(server: RunningSemcache, body: object) {
  return ask(server.port, { path: "/semcache/v1/feedback", body });
}

/** Whatever was sent before has been read and looked up when two later requests have been answered. */
async function settled(): Promise<void> {
  for (const _ of [1, 2]) await fetch(`${semcache.url}/health`);
}
