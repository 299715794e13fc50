// Spans as an operator's SDK gets them: the built command with `--import` of a set-up, a provider, and sockets between.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace, message, type Answer, type HeaderList, type Question } from "../support/ask.ts";
import { Command } from "../support/command.ts";
import { breakBeforeHead, fixed, paced } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { openRaw, rawRequest } from "../support/raw-http.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import type { RecordedRequest } from "../support/imitation/recorded-request.ts";

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: number;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly events: number;
}

const SERVER = 1;
const CLIENT = 2;
const ERROR = 2;

const setUp = new URL("../support/record-spans.mjs", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "semcache-spans-"));
const spansFile = join(folder, "spans.json");
const question = "How do I reset my password?";
const paraphrase = "How can I reset my password?";

let count = 0;
/** As a caller that is traced itself sends them. */
const callers = () => {
  const traceId = (++count).toString(16).padStart(32, "a");
  const headers: HeaderList = [
    ["TraceParent", `00-${traceId}-00f067aa0ba902b7-01`],
    ["tracestate", "vendor=t61rcWkgMzE,other=1"],
    ["Baggage", "user%20id=a%2Cb;secret=1, plan=pro"],
  ];
  return { traceId, headers };
};

let provider: ImitationProvider;
let spans: readonly Span[];
interface Told {
  readonly answer: Answer;
  readonly traceId: string;
  /** What the provider got for it. */
  readonly sent: readonly RecordedRequest[];
}
const told: Record<string, Told> = {};
/** The trace of a client that got no answer. */
let leftAmidBody = "";
const command = { stdout: "", stderr: "", code: null as number | null };

/** Everything is asked first: what was traced is known when the server has ended. */
beforeAll(async () => {
  provider = await startImitationProvider();
  const file = [
    "server: { host: 127.0.0.1, port: 0 }",
    `upstream: { allow_public: false, providers: { openai: { base_url: "${provider.url}" }, anthropic: { base_url: "${provider.url}" } } }`,
    "embedding: { workers: 1 }",
    "store: { kind: memory }",
    'matching: { timeout: "60s", audit_rate: 1 }',
    "telemetry: { log_level: debug, log_prompts: true }",
  ].join("\n");
  const server = new Command(["serve"], {
    files: { "semcache.yaml": file },
    env: { SPANS_FILE: spansFile },
    nodeFlags: ["--import", setUp],
  });
  const port = await server.listening();
  while ((await ask(port, { method: "GET", path: "/ready" })).status !== 200) await nextTurn();

  const tell = async (name: string, asking: Question) => {
    const { traceId, headers } = callers();
    const before = provider.requests.length;
    const answer = await ask(port, { ...asking, headers: [...headers, ...(asking.headers ?? [])] });
    told[name] = { answer, traceId, sent: provider.requests.slice(before) };
  };
  const room = freshNamespace();
  await tell("miss", { headers: [room], body: chat(question) });
  await tell("exact hit", { headers: [room], body: chat(question) });
  await tell("semantic hit", { headers: [room], body: chat(paraphrase) });
  for (const name of ["exact hit", "semantic hit"]) {
    await server.log((line) => line["request"] === of(name).answer.id && String(line["msg"]).startsWith("An audit "));
  }
  await tell("stream", {
    path: "/v1/messages",
    headers: [freshNamespace()],
    body: message(question, { stream: true }),
  });
  await tell("bypass", { headers: [["x-semcache-mode", "off"]], body: chat(question) });
  await tell("other route", { method: "GET", path: "/v1/models?key=hidden" });
  await tell("own error", { headers: [["x-semcache-ttl", "soon"]], body: chat(question) });
  provider.script(fixed({ status: 429, headers: [["content-type", "application/json"]], parts: [Buffer.from("{}")] }));
  await tell("provider's error", { headers: [freshNamespace()], body: chat(question) });
  provider.script(breakBeforeHead());
  await tell("broken", { headers: [freshNamespace()], body: chat(question) });

  const leaving = callers();
  const leaver = await openRaw(port);
  const unfinished = [["content-length", "100"], ...leaving.headers].map(([name, value]) => `${name}: ${value}\r\n`);
  await leaver.send(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${unfinished.join("")}\r\n{"model":`);
  leaver.destroy();
  leftAmidBody = leaving.traceId;
  await server.log((line) => line["error"] === "aborted");

  const gate = new Gate();
  provider.script(paced(gate));
  const shared: Question = { headers: [freshNamespace()], body: chat("Name three rivers of France", { stream: true }) };
  const launched = tell("launched", shared);
  await gate.reached(1);
  const { traceId, headers } = callers();
  const second = await openRaw(port);
  const joining = [["content-type", "application/json"], ...headers, ...(shared.headers ?? [])] as const;
  await second.send(rawRequest("POST", "/v1/chat/completions", joining, JSON.stringify(shared.body)));
  const head = (await second.readUntil("\r\n\r\n")).toString("latin1");
  gate.releaseAll();
  await Promise.all([launched, second.readUntil("0\r\n\r\n")]);
  second.destroy();
  const id = /^x-semcache-request: (.+?)\r$/im.exec(head)?.[1] ?? "";
  told["joined"] = { answer: { ...of("launched").answer, id }, traceId, sent: [] };

  server.process.kill("SIGTERM");
  Object.assign(command, await server.finished);
  spans = JSON.parse(readFileSync(spansFile, "utf8")) as Span[];
}, 120_000);

afterAll(async () => {
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
});

const of = (name: string): Told => {
  const found = told[name];
  if (!found) throw new Error(`Nothing was asked as "${name}"`);
  return found;
};
/** The span of the request, and those below it by their names. */
const traceOf = (name: string) => {
  const { traceId, answer } = of(name);
  const all = spans.filter((span) => span.traceId === traceId);
  const [root, ...more] = all.filter(({ kind }) => kind === SERVER);
  if (!root || more.length > 0) throw new Error(`${more.length + 1} server spans of "${name}"`);
  expect(root.attributes["semcache.request"]).toBe(answer.id);
  expect(root.parent).toBe("00f067aa0ba902b7");
  return { all, root, names: all.map((span) => span.name).sort(), call: all.find(({ kind }) => kind === CLIENT) };
};
const headersOf = (request: RecordedRequest | undefined, name: string) =>
  (request?.rawHeaders ?? []).flatMap((each, index, all) =>
    index % 2 === 0 && each.toLowerCase() === name ? [all[index + 1]] : [],
  );

it("the server ends as ever, and has nothing to say of it", () => {
  expect(command).toMatchObject({ code: 0, stderr: "" });
  expect(command.stdout).not.toMatch(/OpenTelemetry/);
});

it("a miss: request, lookup, call; the provider is told of the call, and tracestate and baggage go on", () => {
  const { root, call, names, all } = traceOf("miss");
  expect(names).toEqual(["POST /v1/chat/completions", "chat gpt-4o", "semcache lookup"]);
  expect(root.attributes).toMatchObject({
    "http.request.method": "POST",
    "http.route": "/v1/chat/completions",
    "http.response.status_code": 200,
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "semcache.cache.status": "miss",
    "semcache.reason": "frame-new",
    "semcache.stored": true,
  });
  const { usage } = of("miss").answer.json() as { usage: { prompt_tokens: number; completion_tokens: number } };
  expect(call?.attributes).toMatchObject({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": usage.prompt_tokens,
    "gen_ai.usage.output_tokens": usage.completion_tokens,
    "server.address": "127.0.0.1",
    "server.port": provider.port,
    "http.response.status_code": 200,
  });
  const [sent, ...more] = of("miss").sent;
  expect(more).toEqual([]);
  expect(headersOf(sent, "traceparent")).toEqual([`00-${root.traceId}-${call?.spanId}-01`]);
  expect(headersOf(sent, "tracestate")).toEqual(["vendor=t61rcWkgMzE,other=1"]);
  expect(headersOf(sent, "baggage")).toEqual(["user%20id=a%2Cb;secret=1, plan=pro"]);
  for (const span of all) {
    if (span !== root) expect(span.parent).toBe(root.spanId);
    expect(span.startMs).toBeGreaterThanOrEqual(root.startMs);
    expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
    expect(span.endMs).toBeLessThanOrEqual(root.endMs);
  }
});

it("an exact hit: no call, nothing goes upstream; the caller's trace is no part of what is compared", () => {
  const { root, call, names } = traceOf("exact hit");
  expect(provider.requests.filter(({ headers }) => headers["traceparent"]?.includes(root.traceId))).toEqual([]);
  expect(call).toBeUndefined();
  expect(names).toEqual(["POST /v1/chat/completions", "semcache lookup"]);
  expect(root.attributes).toMatchObject({
    "semcache.cache.status": "hit",
    "semcache.match": "exact",
    "semcache.entry": of("exact hit").answer.header("x-semcache-entry"),
    "semcache.saved.tokens": Number(of("exact hit").answer.header("x-semcache-saved-tokens")),
  });
  expect(Object.keys(root.attributes).filter((name) => name.startsWith("gen_ai.usage"))).toEqual([]);
});

it("a semantic hit: the steps of its lookup, one after the other", () => {
  const { root, all } = traceOf("semantic hit");
  expect(root.attributes).toMatchObject({ "semcache.cache.status": "hit", "semcache.match": "semantic" });
  expect(root.attributes["semcache.similarity"]).toBeGreaterThan(0.8);
  expect(root.attributes["semcache.confidence"]).toBeGreaterThan(0);
  const lookup = all.find(({ name }) => name === "semcache lookup");
  const steps = all.filter(({ parent }) => parent === lookup?.spanId).sort((a, b) => a.startMs - b.startMs);
  expect(steps.map(({ name }) => name)).toEqual(
    ["exact", "embed", "search", "judge"].map((step) => `semcache ${step}`),
  );
  let fromMs = lookup?.startMs ?? Infinity;
  for (const { startMs, endMs } of steps) {
    // Times are told in floating-point milliseconds of the epoch.
    expect(Math.abs(startMs - fromMs)).toBeLessThan(0.01);
    expect(endMs).toBeGreaterThanOrEqual(startMs);
    fromMs = endMs;
  }
  expect(fromMs).toBeLessThanOrEqual((lookup?.endMs ?? 0) + 0.01);
});

it.each([
  ["exact hit", question],
  ["semantic hit", paraphrase],
])("the audit of an %s has a trace of its own, linked to the request; so has its call", (name, prompt) => {
  const { root } = traceOf(name);
  const isLinked = ({ links }: Span) => links.some(({ spanId }) => spanId === root.spanId);
  const [audit, ...more] = spans.filter((span) => span.name === "semcache audit" && isLinked(span));
  expect(more).toEqual([]);
  expect(audit?.links).toEqual([{ traceId: root.traceId, spanId: root.spanId }]);
  expect(audit?.parent).toBeNull();
  const calls = spans.filter(({ traceId, kind }) => traceId === audit?.traceId && kind === CLIENT);
  expect(calls.length).toBeGreaterThan(0);
  for (const call of calls) {
    expect(call.parent).toBe(audit?.spanId);
    const header = `00-${call.traceId}-${call.spanId}-01`;
    const sent = provider.requests.find((request) => request.headers["traceparent"] === header);
    expect(sent?.body.toString()).toContain(prompt);
    // It belongs to the client's trace.
    expect(sent?.headers["tracestate"]).toBeUndefined();
    expect(call.attributes["gen_ai.usage.input_tokens"]).toBeGreaterThan(0);
  }
});

it("a stream: it ends when it has ended, and tells of its first chunk", () => {
  const { call } = traceOf("stream");
  expect(call?.attributes).toMatchObject({ "gen_ai.request.stream": true, "gen_ai.provider.name": "anthropic" });
  expect(call?.attributes["gen_ai.usage.output_tokens"]).toBeGreaterThan(0);
  const seconds = call?.attributes["gen_ai.response.time_to_first_chunk"] as number;
  expect(seconds * 1000).toBeGreaterThan(0);
  expect(seconds * 1000).toBeLessThanOrEqual((call?.endMs ?? 0) - (call?.startMs ?? 0) + 0.01);
});

describe("without the cache", () => {
  it("a bypass has a call and no lookup", () => {
    const { root, names, call } = traceOf("bypass");
    expect(names).toEqual(["POST /v1/chat/completions", "chat gpt-4o"]);
    expect(root.attributes).toMatchObject({ "semcache.cache.status": "bypass", "semcache.reason": "off" });
    expect(headersOf(of("bypass").sent[0], "traceparent")).toEqual([`00-${root.traceId}-${call?.spanId}-01`]);
  });

  it("another route is told as HTTP, its query is not", () => {
    const { root, names, call } = traceOf("other route");
    expect(names).toEqual(["GET", "GET"]);
    expect(root.attributes).toMatchObject({ "url.path": "/v1/models", "semcache.cache.status": "bypass" });
    for (const span of [root, call]) {
      expect(Object.keys(span?.attributes ?? {}).filter((name) => name.startsWith("gen_ai."))).toEqual([]);
    }
  });
});

describe("what goes wrong", () => {
  it("a caller's mistake is no fault of the server, and nobody is called", () => {
    const { root, names } = traceOf("own error");
    expect(names).toEqual(["POST /v1/chat/completions"]);
    expect(root.attributes).toMatchObject({ "error.type": "directive-invalid", "http.response.status_code": 400 });
    expect(root.status).not.toBe(ERROR);
  });

  it("the provider's error is one of the call", () => {
    const { root, call } = traceOf("provider's error");
    expect(call?.attributes).toMatchObject({ "error.type": "429", "http.response.status_code": 429 });
    expect([root.status, call?.status]).toEqual([0, ERROR]);
  });

  it("a provider that hangs up is an error of both", () => {
    const { root, call } = traceOf("broken");
    for (const span of [root, call]) {
      expect([span?.attributes["error.type"], span?.status]).toEqual(["upstream-broken", ERROR]);
    }
  });

  it("a client that leaves amid its body has a span that ends, and is no fault of the server", () => {
    const left = spans.filter(({ traceId }) => traceId === leftAmidBody);
    expect(left).toMatchObject([{ kind: SERVER, attributes: { "error.type": "aborted" }, status: 0 }]);
  });
});

it("a shared call belongs to the request that launched it; the other one has a link", () => {
  const { call, root } = traceOf("launched");
  expect(call?.parent).toBe(root.spanId);
  const joined = traceOf("joined");
  expect(joined.call).toBeUndefined();
  expect(joined.root.attributes["semcache.reason"]).toBe("joined");
  expect(joined.root.links).toEqual([{ traceId: call?.traceId, spanId: call?.spanId }]);
  expect(root.links).toEqual([]);
});

it("each attribute and each span is in the documentation", () => {
  const page = readFileSync(new URL("../../docs/traces.md", import.meta.url), "utf8");
  const names = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)));
  for (const { name, kind } of spans) if (kind !== CLIENT && kind !== SERVER) names.add(name);
  expect(names.has("semcache lookup")).toBe(true);
  expect([...names].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

it("Semcache's own routes have no spans", () => {
  expect(spans.filter(({ attributes }) => /^\/(ready|metrics)/.test(String(attributes["url.path"])))).toEqual([]);
});

it("no span has a word of a prompt, a credential or the caller's query", () => {
  expect(command.stdout).toContain(paraphrase);
  const text = JSON.stringify(spans);
  expect(text).not.toMatch(/password|rivers|hidden/);
  expect(spans.filter(({ events }) => events > 0)).toEqual([]);
});

describe.each([
  ["the API alone", []],
  ["nothing of OpenTelemetry", ["--import", new URL("../support/without-opentelemetry.mjs", import.meta.url).href]],
])("with %s installed", (_, nodeFlags) => {
  it("the client's trace headers reach the provider byte for byte, and nobody is told anything", async () => {
    const file = `server: { host: 127.0.0.1, port: 0 }\nupstream: { allow_public: false, providers: { openai: { base_url: "${provider.url}" } } }\nembedding: { workers: 1 }\nstore: { kind: memory }\n`;
    const server = new Command(["serve"], { files: { "semcache.yaml": file }, nodeFlags });
    const port = await server.listening();
    const headers: HeaderList = [
      ["TRACEparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-03"],
      ["Tracestate", "vendor=t61rcWkgMzE"],
      ["tracestate", "  other=1"],
      ["bagGage", "user%20id=a%2Cb;secret=1 , plan=pro"],
      ["B3", "0"],
    ];
    const before = provider.requests.length;
    const answer = await ask(port, { headers, body: chat(question) });
    expect(answer.status).toBe(200);
    const { rawHeaders = [] } = provider.requests[before] ?? {};
    const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1]]] : []));
    expect(pairs.filter(([name]) => /^(trace|baggage|b3)/i.test(name ?? ""))).toEqual(
      headers.map(([name, value]) => [name, value.trim()]),
    );
    server.process.kill("SIGTERM");
    const { code, stderr, stdout } = await server.finished;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).not.toMatch(/"level":"(warn|error)"|OpenTelemetry/);
  });
});
