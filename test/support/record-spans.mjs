// `node --import record-spans.mjs`: what an operator's set-up does before the server starts, with an exporter that writes
// to SPANS_FILE when the process ends, what was handed over by then.
import { writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { propagation, trace } from "@opentelemetry/api";
import { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter } from "@opentelemetry/sdk-trace-base";

// The SDK's own, wherever npm has put it.
const { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } = createRequire(
  import.meta.resolve("@opentelemetry/sdk-trace-base"),
)("@opentelemetry/core");

const exporter = new InMemorySpanExporter();
// Nothing is handed over by its timer: whoever wants the spans has to flush.
const processor = new BatchSpanProcessor(exporter, {
  scheduledDelayMillis: 2 ** 31 - 1,
  maxExportBatchSize: 10_000,
  maxQueueSize: 10_000,
});
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);

// As instrumentations of node:http do it: headers become an object, whatever they were.
for (const module of [http, https]) {
  const { request } = module;
  module.request = (options, ...more) => request({ ...options, headers: { ...options.headers } }, ...more);
}

const toMs = ([seconds, nanoseconds]) => seconds * 1e3 + nanoseconds / 1e6;

process.on("exit", () => {
  const spans = exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    kind: span.kind,
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId ?? null,
    startMs: toMs(span.startTime),
    endMs: toMs(span.endTime),
    attributes: span.attributes,
    status: span.status.code,
    links: span.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId })),
    events: span.events.length,
  }));
  writeFileSync(process.env.SPANS_FILE, JSON.stringify(spans));
});
