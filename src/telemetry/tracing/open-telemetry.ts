import type * as Api from "@opentelemetry/api";
import type { Context, Link, ProxyTracerProvider, Span, Tracer, TracerProvider } from "@opentelemetry/api";
import type { Usage } from "../../model/answer.ts";
import { lookupSteps, type RequestReport } from "../request-report.ts";
import { toCallAttributes, toCallStart, toRequestAttributes, toRequestStart } from "./span-attributes.ts";
import {
  untracedCall,
  untracedRequest,
  type BackgroundTrace,
  type CallTrace,
  type RequestTrace,
  type TracedCall,
  type TracedRequest,
  type Tracing,
} from "./tracing.ts";

export type OpenTelemetryApi = Pick<
  typeof Api,
  "trace" | "context" | "propagation" | "ROOT_CONTEXT" | "SpanKind" | "SpanStatusCode" | "isSpanContextValid"
>;

export interface OpenTelemetryOptions {
  readonly version: string;
  /** Told once of an SDK that throws; the specification forbids it, a processor of the operator's own may do it. */
  readonly onFault: (error: unknown) => void;
}

/** A collector that does not answer must not hold the end of the process up. */
const FLUSH_MS = 3_000;

/** Spans over the OpenTelemetry API, from when the operator's SDK is registered; until then a request costs one look. */
export function createOpenTelemetryTracing(api: OpenTelemetryApi, { version, onFault }: OpenTelemetryOptions): Tracing {
  let surroundings: Surroundings | null = null;
  let told = false;
  /** Null: no SDK is registered. A tracer that is asked for before knows only an SDK of this very copy of the API. */
  function listen(): Surroundings | null {
    const provider = api.trace.getTracerProvider();
    if (isProxy(provider) && provider.getDelegateTracer("semcache", version) === undefined) return null;
    return { api, tracer: provider.getTracer("semcache", version), attempt };
  }
  function attempt<T>(otherwise: T, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!told) onFault(error);
      told = true;
      return otherwise;
    }
  }
  return {
    begin: (request) =>
      attempt(untracedRequest, () => {
        surroundings ??= listen();
        return surroundings === null ? untracedRequest : beginRequest(surroundings, request);
      }),
    flush: async () => {
      const provider = api.trace.getTracerProvider();
      const sdk: unknown = isProxy(provider) ? provider.getDelegate() : provider;
      if (!isFlushable(sdk)) return;
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_MS)));
      // Nobody is left to be told of what went wrong; the SDK has its own way of saying so.
      await Promise.race([tooLong, attempt(Promise.resolve(), () => sdk.forceFlush()).catch(() => undefined)]);
      clearTimeout(timer);
    },
  };
}

interface Surroundings {
  readonly api: OpenTelemetryApi;
  readonly tracer: Tracer;
  /** What the SDK does wrong is no fault of the request. */
  readonly attempt: <T>(otherwise: T, work: () => T) => T;
}

function beginRequest({ api, tracer, attempt }: Surroundings, request: TracedRequest): RequestTrace {
  const { trace, context, propagation, SpanKind, SpanStatusCode } = api;
  // An instrumentation of node:http has a span of this request already.
  const isInside = trace.getSpanContext(context.active()) !== undefined;
  const parent = isInside ? context.active() : propagation.extract(api.ROOT_CONTEXT, request.headers);
  // The two clocks drift apart over weeks; within a request they do not.
  const epochMs = Date.now() - performance.now();
  const startMs = epochMs + request.startedAt;
  const { name, attributes } = toRequestStart(request);
  const span = tracer.startSpan(
    name,
    { kind: isInside ? SpanKind.INTERNAL : SpanKind.SERVER, startTime: startMs, attributes },
    parent,
  );
  if (!api.isSpanContextValid(span.spanContext())) return untracedRequest;
  const surroundings = { api, tracer, attempt };
  const within = trace.setSpan(parent, span);
  return {
    call: (call) => attempt(untracedCall, () => beginCall(surroundings, call, within, epochMs)),
    join: (call) =>
      attempt(undefined, () => {
        const joined = call instanceof CallSpan ? call.link : null;
        if (joined) span.addLink(joined);
      }),
    background: (background) =>
      attempt(untracedRequest.background(background), () =>
        beginBackground(surroundings, `semcache ${background}`, { context: span.spanContext() }, epochMs),
      ),
    end: (report) =>
      attempt(undefined, () => {
        if (span.isRecording()) {
          span.setAttributes(toRequestAttributes(report));
          // Of what the client did wrong the server's span says nothing (conventions for HTTP spans).
          if (report.status >= 500 || (report.status < 400 && report.error !== null && report.error !== "aborted")) {
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          addLookup(surroundings, report, within, startMs);
        }
        span.end(startMs + report.durationMs);
      }),
  };
}

/** The lookup and its steps, one after the other as they were made; before it come the phases in which the request is read. */
function addLookup({ api, tracer }: Surroundings, report: RequestReport, within: Context, startMs: number): void {
  const { receive = 0, address = 0, interpret = 0, plan = 0, lookup } = report.phasesMs;
  if (lookup === undefined) return;
  const lookupMs = startMs + receive + address + interpret + plan;
  const endMs = lookupMs + lookup;
  const span = tracer.startSpan("semcache lookup", { startTime: lookupMs }, within);
  const inLookup = api.trace.setSpan(within, span);
  const steps = lookupSteps.filter((step) => report.lookupMs[step] !== undefined);
  // A lookup of a single step is that step.
  if (steps.length > 1) {
    let stepMs = lookupMs;
    for (const step of steps) {
      const nextMs = Math.min(stepMs + (report.lookupMs[step] ?? 0), endMs);
      tracer.startSpan(`semcache ${step}`, { startTime: stepMs }, inLookup).end(nextMs);
      stepMs = nextMs;
    }
  }
  span.end(endMs);
}

function beginBackground(surroundings: Surroundings, name: string, link: Link, epochMs: number): BackgroundTrace {
  const { api, tracer, attempt } = surroundings;
  const span = tracer.startSpan(
    name,
    { startTime: epochMs + performance.now(), root: true, links: [link] },
    api.ROOT_CONTEXT,
  );
  const within = api.trace.setSpan(api.ROOT_CONTEXT, span);
  return {
    call: (call) => attempt(untracedCall, () => beginCall(surroundings, call, within, epochMs)),
    end: (outcome) =>
      attempt(undefined, () => {
        span.setAttribute("semcache.outcome", outcome);
        span.end(epochMs + performance.now());
      }),
  };
}

function beginCall({ api, tracer, attempt }: Surroundings, call: TracedCall, within: Context, epochMs: number) {
  const { name, attributes } = toCallStart(call);
  const startedAt = performance.now();
  const span = tracer.startSpan(
    name,
    { kind: api.SpanKind.CLIENT, startTime: epochMs + startedAt, attributes },
    within,
  );
  const headers: Record<string, string> = {};
  api.propagation.inject(api.trace.setSpan(within, span), headers);
  return new CallSpan({ api, span, headers: lowerCased(headers), startedAt, epochMs, streams: call.stream, attempt });
}

interface CallSpanOptions extends Pick<Surroundings, "api" | "attempt"> {
  readonly span: Span;
  readonly headers: Readonly<Record<string, string>>;
  readonly startedAt: number;
  readonly epochMs: number;
  readonly streams: boolean;
}

class CallSpan implements CallTrace {
  readonly headers: Readonly<Record<string, string>>;
  readonly #options: CallSpanOptions;
  #status: number | null = null;
  #firstChunkMs: number | null = null;
  #endedAt: number | null = null;
  #ended = false;

  constructor(options: CallSpanOptions) {
    this.headers = options.headers;
    this.#options = options;
  }

  get link(): Link {
    return { context: this.#options.span.spanContext() };
  }

  head(status: number): void {
    this.#status = status;
  }

  data(): void {
    const { streams, startedAt } = this.#options;
    if (streams) this.#firstChunkMs ??= performance.now() - startedAt;
  }

  complete(): void {
    this.#endedAt = performance.now();
  }

  end({ usage = null, error = null }: { readonly usage?: Usage | null; readonly error?: string | null }): void {
    if (this.#ended) return;
    this.#ended = true;
    const { api, span, epochMs, attempt } = this.#options;
    attempt(undefined, () => {
      const status = this.#status;
      const refusal = status !== null && status >= 400 ? String(status) : null;
      // What was broken off because it was refused was refused.
      const failure = error === "aborted" ? (refusal ?? error) : (error ?? refusal);
      span.setAttributes(toCallAttributes({ status, usage, error: failure, firstChunkMs: this.#firstChunkMs }));
      // Breaking off was this side's own wish: the client had left.
      if (failure !== null && failure !== "aborted") span.setStatus({ code: api.SpanStatusCode.ERROR });
      span.end(epochMs + (this.#endedAt ?? performance.now()));
    });
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Of any copy of the API: the one that the SDK was registered with need not be ours. */
function isProxy(provider: TracerProvider): provider is ProxyTracerProvider {
  return "getDelegateTracer" in provider && "getDelegate" in provider;
}

function isFlushable(sdk: unknown): sdk is { forceFlush(): Promise<void> } {
  return typeof sdk === "object" && sdk !== null && "forceFlush" in sdk && typeof sdk.forceFlush === "function";
}
