import * as api from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sampleReport } from "../../../test/support/sample-report.ts";
import { createOpenTelemetryTracing } from "./open-telemetry.ts";
import { untracedCall, untracedRequest, type TracedCall, type TracedRequest, type Tracing } from "./tracing.ts";

const exporter = new InMemorySpanExporter();
/** The format of a propagator is its own affair: this one's header is the ids alone. */
const propagator: api.TextMapPropagator = {
  inject(context, carrier, setter) {
    const { traceId = "", spanId = "" } = api.trace.getSpanContext(context) ?? {};
    setter.set(carrier, "X-Ids", `${traceId}:${spanId}`);
  },
  extract(context, carrier, getter) {
    const [traceId = "", spanId = ""] = String(getter.get(carrier, "x-ids") ?? "").split(":");
    return api.trace.setSpanContext(context, { traceId, spanId, traceFlags: 1, isRemote: true });
  },
  fields: () => ["x-ids"],
};

function register(options: ConstructorParameters<typeof BasicTracerProvider>[0] = {}) {
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)], ...options });
  api.trace.setGlobalTracerProvider(provider);
  api.propagation.setGlobalPropagator(propagator);
}
const faults: unknown[] = [];
let tracing: Tracing;
beforeEach(() => {
  tracing = createOpenTelemetryTracing(api, { version: "1", onFault: (error) => faults.push(error) });
});

afterEach(() => {
  api.trace.disable();
  api.propagation.disable();
  exporter.reset();
  expect(faults.splice(0)).toEqual([]);
});

const request = (changes: Partial<TracedRequest> = {}): TracedRequest => ({
  method: "POST",
  route: "openai-chat-completions",
  target: "/v1/chat/completions?api-version=1&key=secret",
  headers: {},
  startedAt: performance.now() - 50,
  ...changes,
});
const call: TracedCall = {
  method: "POST",
  url: new URL("https://api.openai.com/v1/chat/completions"),
  dialect: "openai-chat",
  model: "gpt-4o-mini",
  stream: false,
};
const spanOf = (name: string) => {
  const span = exporter.getFinishedSpans().find((each) => each.name === name);
  if (!span)
    throw new Error(
      `No span ${name} among ${exporter
        .getFinishedSpans()
        .map((each) => each.name)
        .join(", ")}`,
    );
  const toMs = ([seconds, nanoseconds]: api.HrTime) => seconds * 1e3 + nanoseconds / 1e6;
  return { ...span.spanContext(), span, startMs: toMs(span.startTime), endMs: toMs(span.endTime) };
};
const traceId = "0af7651916cd43dd8448eb211c80319c";

test("without an SDK there are no spans, and the client's headers stay", () => {
  const trace = tracing.begin(request({ headers: { "x-ids": `${traceId}:b7ad6b7169203331` } }));
  expect(trace).toBe(untracedRequest);
  expect(trace.call(call)).toBe(untracedCall);
});

test("an SDK that is registered later is used from then on", () => {
  expect(tracing.begin(request())).toBe(untracedRequest);
  register();
  tracing.begin(request()).end(sampleReport());
  expect(exporter.getFinishedSpans().length).toBeGreaterThan(0);
});

test("a request goes on with its caller's trace; the provider is told of the call, a child of the request", () => {
  register();
  const trace = tracing.begin(request({ headers: { "x-ids": `${traceId}:b7ad6b7169203331` } }));
  const calling = trace.call(call);
  calling.end({});
  trace.end(sampleReport());
  const [server, client] = [spanOf("POST /v1/chat/completions"), spanOf("chat gpt-4o-mini")];
  expect([server.traceId, client.traceId]).toEqual([traceId, traceId]);
  expect([server.span.kind, client.span.kind]).toEqual([api.SpanKind.SERVER, api.SpanKind.CLIENT]);
  expect(server.span.parentSpanContext?.spanId).toBe("b7ad6b7169203331");
  expect(client.span.parentSpanContext?.spanId).toBe(server.spanId);
  expect(calling.headers).toEqual({ "x-ids": `${traceId}:${client.spanId}` });
});

test("times: the lookup begins when the request was read, its steps follow one another, all within the request", () => {
  register();
  const startedAt = performance.now() - 100;
  const before = Date.now() - 100;
  tracing.begin(request({ startedAt })).end(
    sampleReport({
      durationMs: 90,
      phasesMs: { receive: 1, address: 2, interpret: 3, plan: 4, lookup: 40, replay: 5 },
      lookupMs: { exact: 1, embed: 20, search: 2, judge: 10 },
    }),
  );
  const server = spanOf("POST /v1/chat/completions");
  // Wall clock, to the millisecond that it is told in.
  expect(Math.abs(server.startMs - before)).toBeLessThan(50);
  const [lookup, ...steps] = ["lookup", "exact", "embed", "search", "judge"].map((name) => spanOf(`semcache ${name}`));
  const times = [server, lookup, ...steps].map((each) =>
    [each?.startMs, each?.endMs].map((ms) => Math.round((ms ?? 0) - server.startMs)),
  );
  expect(times).toEqual([
    [0, 90],
    [10, 50],
    [10, 11],
    [11, 31],
    [31, 33],
    [33, 43],
  ]);
  expect(steps.map((step) => step.span.parentSpanContext?.spanId)).toEqual(steps.map(() => lookup?.spanId));
  expect(lookup?.span.parentSpanContext?.spanId).toBe(server.spanId);
});

test.each([
  ["a hit by equality is not divided", { lookupMs: { exact: 0.02 } }, ["semcache lookup"]],
  ["no lookup, no span", { phasesMs: { receive: 1 }, lookupMs: {} }, []],
])("%s", (_, changes, children) => {
  register();
  tracing.begin(request()).end(sampleReport(changes));
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual([...children, "POST /v1/chat/completions"]);
});

test("a call: what it took and came to, ended when its last byte came, and once", () => {
  register();
  const calling = tracing.begin(request()).call({ ...call, stream: true });
  calling.head(200);
  calling.data();
  calling.complete();
  const afterwards = Date.now() + 1;
  while (Date.now() <= afterwards);
  calling.end({ usage: { inputTokens: 100, outputTokens: 20, cachedInputTokens: 80, reasoningTokens: 5 } });
  calling.end({ error: "aborted" });
  const { span, endMs } = spanOf("chat gpt-4o-mini");
  expect(endMs).toBeLessThan(afterwards + 1);
  expect(span.attributes).toEqual({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.request.stream": true,
    "http.request.method": "POST",
    "server.address": "api.openai.com",
    "server.port": 443,
    "http.response.status_code": 200,
    "gen_ai.response.time_to_first_chunk": expect.closeTo(0, 0) as number,
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 80,
    "gen_ai.usage.reasoning.output_tokens": 5,
  });
});

describe("what went wrong", () => {
  const { UNSET, ERROR } = api.SpanStatusCode;
  test.each([
    ["a failure of the provider", { status: 502, error: "upstream-broken" }, "upstream-broken", ERROR],
    ["the provider's own error", { status: 500 }, "500", ERROR],
    ["the client's own fault", { status: 400, error: "directive-invalid" }, "directive-invalid", UNSET],
    ["the provider's word on the client's fault", { status: 404 }, undefined, UNSET],
    ["an answer that broke off", { status: 200, error: "upstream-broken" }, "upstream-broken", ERROR],
    ["a client that left", { status: 0, error: "aborted" }, "aborted", UNSET],
  ] as const)("of a request: %s", (_, changes, type, code) => {
    register();
    tracing.begin(request()).end(sampleReport(changes));
    const { span } = spanOf("POST /v1/chat/completions");
    expect([span.attributes["error.type"], span.status.code]).toEqual([type, code]);
  });

  test.each([
    ["an error of the provider", 429, null, "429", ERROR],
    ["an error that nobody reads to its end", 429, "aborted", "429", ERROR],
    ["no answer", null, "upstream-unreachable", "upstream-unreachable", ERROR],
    ["broken off by us", 200, "aborted", "aborted", UNSET],
    ["an answer", 200, null, undefined, UNSET],
  ] as const)("of a call: %s", (_, status, error, type, code) => {
    register();
    const calling = tracing.begin(request()).call(call);
    if (status !== null) calling.head(status);
    calling.end({ error });
    const { span } = spanOf("chat gpt-4o-mini");
    expect([span.attributes["error.type"], span.status.code]).toEqual([type, code]);
  });
});

test("a request that joins another one's call is linked to it", () => {
  register();
  const [first, second] = [tracing.begin(request()), tracing.begin(request())];
  const calling = first.call(call);
  second.join(calling);
  second.join(untracedCall);
  second.end(sampleReport({ reason: "joined", phasesMs: {} }));
  calling.end({});
  const links = spanOf("POST /v1/chat/completions").span.links.map(({ context }) => context.spanId);
  expect(links).toEqual([spanOf("chat gpt-4o-mini").spanId]);
});

test("work in the background has a trace of its own, linked to the request", () => {
  register();
  const trace = tracing.begin(request());
  trace.end(sampleReport());
  const audit = trace.background("audit");
  const calling = audit.call(call);
  calling.end({});
  audit.end("equivalent");
  const [server, root, client] = [
    spanOf("POST /v1/chat/completions"),
    spanOf("semcache audit"),
    spanOf("chat gpt-4o-mini"),
  ];
  expect(root.span.parentSpanContext).toBeUndefined();
  expect(root.traceId).not.toBe(server.traceId);
  expect(root.span.links.map(({ context }) => context.spanId)).toEqual([server.spanId]);
  expect([client.traceId, client.span.parentSpanContext?.spanId]).toEqual([root.traceId, root.spanId]);
  expect(root.span.attributes).toEqual({ "semcache.outcome": "equivalent" });
  expect(calling.headers).toEqual({ "x-ids": `${root.traceId}:${client.spanId}` });
});

test("a trace that is not sampled is passed on all the same, so that nobody below begins one", () => {
  register({ sampler: new AlwaysOffSampler() });
  const trace = tracing.begin(request({ headers: { "x-ids": `${traceId}:b7ad6b7169203331` } }));
  expect(trace.call(call).headers["x-ids"]).toMatch(new RegExp(`^${traceId}:(?!b7ad6b7169203331)[0-9a-f]{16}$`));
  trace.end(sampleReport());
  expect(exporter.getFinishedSpans()).toEqual([]);
});

test("within an instrumentation's span of the same request ours is a part of it", () => {
  register();
  const outer = api.trace.getTracer("test").startSpan("POST", { kind: api.SpanKind.SERVER });
  const around: api.ContextManager = {
    active: () => api.trace.setSpan(api.ROOT_CONTEXT, outer),
    with: (_, work, self, ...args) => work.apply(self, args),
    bind: (_, target) => target,
    enable: () => around,
    disable: () => around,
  };
  api.context.setGlobalContextManager(around);
  try {
    tracing.begin(request({ headers: { "x-ids": `${traceId}:b7ad6b7169203331` } })).end(sampleReport());
  } finally {
    api.context.disable();
  }
  const { span } = spanOf("POST /v1/chat/completions");
  expect([span.kind, span.parentSpanContext?.spanId]).toEqual([api.SpanKind.INTERNAL, outer.spanContext().spanId]);
});

test("an SDK that throws is told of once, and the request goes on", () => {
  const told: unknown[] = [];
  const guarded = createOpenTelemetryTracing(api, { version: "1", onFault: (error) => told.push(error) });
  register({
    sampler: {
      shouldSample: () => {
        throw new Error("a sampler of the operator's own");
      },
    },
  });
  expect(guarded.begin(request())).toBe(untracedRequest);
  expect(guarded.begin(request())).toBe(untracedRequest);
  expect(told).toHaveLength(1);
});

test("flush hands over what waits", async () => {
  let flushed = 0;
  const processor = { onStart: () => undefined, onEnd: () => undefined, shutdown: async () => undefined };
  register({ spanProcessors: [{ ...processor, forceFlush: async () => void flushed++ }] });
  await tracing.flush();
  expect(flushed).toBe(1);
});
