// Spans of what a judge is asked, as an SDK in the process of the server gets them.
import { createRequire } from "node:module";
import { propagation, SpanKind, SpanStatusCode, trace, type TextMapPropagator } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { freshNamespace, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { breakMidBody, fixed, neverAnswer } from "../support/imitation/faults.ts";
import type { Script } from "../support/imitation/script.ts";
import { startSemcache } from "../support/semcache.ts";
import { asked, comparisonOf, longText, put, rules, says, stored } from "./shadow-scene.ts";

// The SDK's own, wherever npm has put it.
const { W3CTraceContextPropagator } = createRequire(import.meta.resolve("@opentelemetry/sdk-trace-base"))(
  "@opentelemetry/core",
) as { readonly W3CTraceContextPropagator: new () => TextMapPropagator };

const exporter = new InMemorySpanExporter();
let provider: ImitationProvider;
let judge: ImitationProvider;
beforeAll(async () => {
  provider = await startImitationProvider();
  judge = await startImitationProvider();
});
beforeEach(() => {
  provider.reset();
  judge.reset();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
afterEach(() => {
  trace.disable();
  propagation.disable();
  exporter.reset();
});
afterAll(async () => {
  await provider.close();
  await judge.close();
});

/** A hit that nothing but a judge can tell, in either mode; the spans when the server has ended. */
async function ambiguous(mode: "shadow" | "semantic", script: Script, settings: object = {}) {
  const semcache = await startSemcache(provider.url, {
    cache: { mode },
    matching: {
      audit_rate: 1,
      judge: { url: `${judge.url}/v1`, model: "a-judge", api_key: "judge-key", ...settings },
    },
  });
  judge.script(script);
  provider.script(says(longText));
  provider.script(says(`${longText} It ends in June.`));
  const headers: HeaderList = [
    freshNamespace(),
    ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"],
    ["tracestate", "vendor=t61rcWkgMzE"],
  ];
  await put(semcache, stored, headers);
  const hit = await put(semcache, asked, headers);
  if (mode === "shadow") await comparisonOf(semcache, hit);
  else await semcache.log.waitFor((line) => line["request"] === hit.id && line["msg"] === "An audit is over");
  await semcache.close();
  const spans = exporter.getFinishedSpans();
  const request = spans.find(({ attributes }) => attributes["semcache.request"] === hit.id);
  const work = spans.find(({ name }) => name === (mode === "shadow" ? "semcache shadow" : "semcache audit"));
  const call = spans.find(({ name }) => name === "chat a-judge");
  return { request, work, call, spans };
}

test.each(["shadow", "semantic"] as const)("in mode %s: a call of what compares, with what it costs", async (mode) => {
  const { request, work, call, spans } = await ambiguous(mode, rules("same"));
  expect(call?.kind).toBe(SpanKind.CLIENT);
  expect(call?.attributes).toEqual({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "a-judge",
    "gen_ai.usage.input_tokens": 7,
    "gen_ai.usage.output_tokens": 5,
    "http.request.method": "POST",
    "http.response.status_code": 200,
    "server.address": "127.0.0.1",
    "server.port": judge.port,
  });
  expect(work?.attributes).toEqual({ "semcache.outcome": "right" });
  const { traceId, spanId } = call?.spanContext() ?? {};
  expect([traceId, call?.parentSpanContext?.spanId]).toEqual([work?.spanContext().traceId, work?.spanContext().spanId]);
  expect(work?.links.map(({ context }) => context.spanId)).toEqual([request?.spanContext().spanId]);
  const [question, ...more] = judge.requests;
  expect(more).toEqual([]);
  expect(question?.headers["traceparent"]).toBe(`00-${traceId}-${spanId}-01`);
  // It belongs to the client's trace, which is none of the judge's business.
  expect(question?.headers["tracestate"]).toBeUndefined();
  expect(JSON.stringify(spans.map(({ name, attributes }) => [name, attributes]))).not.toMatch(/judge-key|hospital/);
});

test.each<readonly [string, Script, string]>([
  ["refuses", fixed({ status: 429, headers: [], parts: [Buffer.from("{}")] }), "429"],
  ["breaks off", breakMidBody(1), "upstream-broken"],
])("a judge that %s: an error of its call", async (_, script, error) => {
  const { work, call } = await ambiguous("shadow", script);
  expect([call?.attributes["error.type"], call?.status.code]).toEqual([error, SpanStatusCode.ERROR]);
  expect(work?.attributes).toEqual({ "semcache.outcome": "unsure" });
});

test("a judge that does not answer in time: an error of its call, and no call of a client that left", async () => {
  const { call } = await ambiguous("shadow", neverAnswer(), { timeout: "50ms" });
  expect(call?.attributes["error.type"]).toMatch(/^upstream-\w+-timeout$/);
  expect(call?.status.code).toBe(SpanStatusCode.ERROR);
});

test("without an SDK it gets no trace headers", async () => {
  trace.disable();
  propagation.disable();
  const { spans } = await ambiguous("shadow", rules("same"));
  expect(spans).toEqual([]);
  expect(Object.keys(judge.requests[0]?.headers ?? {}).filter((name) => /trace|baggage/.test(name))).toEqual([]);
});
