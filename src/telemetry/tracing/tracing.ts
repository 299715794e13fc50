import type { ErrorCode } from "../../base/errors.ts";
import type { Usage } from "../../model/answer.ts";
import type { DialectName } from "../../model/dialect-name.ts";
import type { RequestReport } from "../request-report.ts";

/** Traces of requests, told to whoever listens. Nothing here throws, and nothing here is given a text of a prompt. */
export interface Tracing {
  /** Begins the trace of a request, or goes on with the one that its headers name. */
  begin(request: TracedRequest): RequestTrace;
  /** Hands over what has ended, before the process does; takes a few seconds at most. */
  flush(): Promise<void>;
}

export interface TracedRequest {
  readonly method: string;
  /** The built-in route, or "other". */
  readonly route: string;
  /** Path and query as they were received. */
  readonly target: string;
  /** As node has them: names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Milliseconds of `performance.now()`. */
  readonly startedAt: number;
}

/** A request of a client. */
export interface RequestTrace {
  call(call: TracedCall): CallTrace;
  /** The answer comes from another request's call. */
  join(call: CallTrace): void;
  /** Begins work behind the client's back: a trace of its own that is linked to this one. */
  background(name: "audit" | "refresh" | "shadow"): BackgroundTrace;
  end(report: RequestReport): void;
}

/** What calls are a part of. */
export interface CallTracer {
  call(call: TracedCall): CallTrace;
}

export interface BackgroundTrace extends CallTracer {
  /** @param outcome one of a closed list */
  end(outcome: string): void;
}

/** What is asked of a provider. */
export interface TracedCall {
  readonly method: string;
  readonly url: URL;
  /** Null: the body was not read. */
  readonly dialect: DialectName | null;
  readonly model: string | null;
  readonly stream: boolean;
}

/** One call to a provider. */
export interface CallTrace {
  /** Headers in lower case that tell the provider of this call, in the place of the client's; empty: the client's stay. */
  readonly headers: Readonly<Record<string, string>>;
  head(status: number): void;
  /** A piece of the body has come. */
  data(): void;
  /** The body is complete; what it says may still be read before {@link end}. */
  complete(): void;
  /** Counts once. */
  end(outcome: { readonly usage?: Usage | null; readonly error?: ErrorCode | null }): void;
}

export const untracedCall: CallTrace = {
  headers: {},
  head: () => undefined,
  data: () => undefined,
  complete: () => undefined,
  end: () => undefined,
};

export const untracedBackground: BackgroundTrace = { call: () => untracedCall, end: () => undefined };

export const untracedRequest: RequestTrace = {
  call: () => untracedCall,
  join: () => undefined,
  background: () => untracedBackground,
  end: () => undefined,
};

/** Where nobody listens. */
export const noTracing: Tracing = { begin: () => untracedRequest, flush: () => Promise.resolve() };
