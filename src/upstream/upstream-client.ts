import type { Readable } from "node:stream";
import type { SemcacheError } from "../base/errors.ts";

/** Calls to providers. Never repeats a request; redirects are handed on, not followed. */
export interface UpstreamClient {
  /**
   * Starts the call at once; no handler call comes before this returns. Exactly one of `onEnd` and `onError` is called
   * last, unless the call is aborted.
   */
  call(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall;
  /** Takes no more calls, closes idle connections, and waits for the calls in flight. */
  close(): Promise<void>;
}

export interface UpstreamRequest {
  /** Passed the upstream policy already; the client connects only to addresses that pass it too. */
  readonly url: URL;
  /** Path and query as they go on the wire (`UpstreamTarget.requestTarget`); the URL's own by default. */
  readonly requestTarget?: string;
  readonly method: string;
  /** Names and values in turn, as in node's `rawHeaders`; the header policy was applied. */
  readonly headers: readonly string[];
  /**
   * A body that is streamed has its length in the headers, or goes chunked. Once the call is over the rest of it is
   * read and dropped; it is never destroyed.
   */
  readonly body: Buffer | Readable | null;
}

/** The provider's answer as it arrives; calls come in the same turn of the event loop as the bytes. */
export interface UpstreamHandler {
  onHeaders(head: UpstreamHead): void;
  onData(chunk: Buffer): void;
  /**
   * The answer is complete as HTTP frames it. One with neither length nor chunks ends with its connection, which proves
   * nothing (RFC 9112, 8): what was said before tells whether it is whole.
   */
  onEnd(): void;
  /** `upstream-unreachable`, `upstream-broken`, `upstream-*-timeout`, `upstream-forbidden`, `aborted` (the request's body broke off), `draining`. After headers: the body broke off. */
  onError(error: SemcacheError): void;
}

export interface UpstreamHead {
  readonly status: number;
  readonly statusText: string;
  /** As received: names and values in turn, hop-by-hop ones included. */
  readonly rawHeaders: readonly string[];
}

export interface UpstreamCall {
  /** Backpressure: no more data is read from the provider's socket until {@link resume}. */
  pause(): void;
  resume(): void;
  /** No further handler call follows. */
  abort(): void;
}
