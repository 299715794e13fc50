import { afterEach, describe, expect, test, vi } from "vitest";
import { SemcacheError } from "../base/errors.ts";
import { untracedCall, untracedRequest, type RequestTrace } from "../telemetry/tracing/tracing.ts";
import type { UpstreamHandler } from "../upstream/upstream-client.ts";
import type { CachedRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { Flights } from "./flights.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import { Refresher } from "./refresher.ts";

const exchange = {
  id: "request",
  request: { method: "POST", rawHeaders: ["idempotency-key", "k", "x-other", "1"], headers: {} },
  body: { kind: "whole", bytes: Buffer.from("{}") },
  trace: untracedRequest,
} as unknown as Exchange;
const asked = (exactKey: string, shape = "json") =>
  ({
    exactKey,
    dialect: { name: "openai-chat" },
    generation: 0,
    plan: { read: "semantic", write: true, serve: true },
    request: { model: null, form: { shape, includeUsage: false } },
    target: { url: new URL("https://api.openai.com/v1/chat/completions"), requestTarget: "/", kind: "openai" },
  }) as unknown as CachedRequest;

/** A provider whose calls the test ends. */
function begin(limits = { maxUnderWay: 2, timeoutMs: 60_000 }) {
  const time = { nowMs: 0 };
  const calls: { handler: UpstreamHandler; headers: readonly string[]; aborted: boolean }[] = [];
  const outcomes: string[] = [];
  const options = {
    clock: { now: () => time.nowMs },
    settings: { varyHeaders: [], tenantHeader: null, maxEntryBytes: 1_000 },
    upstream: {
      call({ headers }: { headers: readonly string[] }, handler: UpstreamHandler) {
        const call = { handler, headers, aborted: false };
        calls.push(call);
        return { pause: () => undefined, resume: () => undefined, abort: () => void (call.aborted = true) };
      },
    },
    onRefresh: (outcome: string) => outcomes.push(outcome),
    onDefect: (error: unknown) => expect.fail(String(error)),
  } as unknown as ProxyOptions;
  const flights = new Flights();
  const refresher = new Refresher(options, flights, limits);
  const fail = (index: number) =>
    calls[index]?.handler.onError(new SemcacheError("upstream-unreachable", "Cannot connect: a test"));
  return { time, calls, outcomes, flights, refresher, fail };
}

afterEach(() => void vi.useRealTimers());

describe("Refresher", () => {
  test("one call for each exact key, in whatever form it is asked for", () => {
    const { calls, flights, refresher } = begin();
    for (const shape of ["json", "stream", "json"]) refresher.start(exchange, asked("a", shape));
    expect(calls).toHaveLength(1);
    // Others may join it.
    expect(flights.find(exchange, asked("a"))?.readers).toBe(1);
    refresher.start(exchange, asked("b"));
    expect(calls).toHaveLength(2);
  });

  test("the client's headers, but for the one that would give an earlier answer again", () => {
    const { calls, refresher } = begin();
    refresher.start(exchange, asked("a"));
    expect(calls[0]?.headers).toEqual(["host", "api.openai.com", "x-other", "1", "content-length", "2"]);
  });

  test("has a trace of its own, which the provider is told of", () => {
    const events: string[] = [];
    let ended: string | undefined;
    const trace: RequestTrace = {
      ...untracedRequest,
      background: (name) => ({
        call({ url, dialect }) {
          events.push(`${name} calls ${url.host}, ${dialect}`);
          return {
            ...untracedCall,
            headers: { traceparent: "ours" },
            complete: () => void events.push("complete"),
            // The first one counts.
            end: ({ error }) => void (ended ??= error ?? "answered"),
          };
        },
        end: (outcome) => void events.push(`${name} ${outcome}`),
      }),
    };
    const { calls, refresher, fail } = begin();
    const { rawHeaders } = exchange.request;
    const request = { ...exchange.request, rawHeaders: [...rawHeaders, "traceparent", "the client's"] };
    refresher.start({ ...exchange, request, trace } as Exchange, asked("a"));
    expect(calls[0]?.headers.slice(-2)).toEqual(["traceparent", "ours"]);
    expect(calls[0]?.headers).not.toContain("the client's");
    fail(0);
    expect(events).toEqual(["refresh calls api.openai.com, openai-chat", "refresh failed"]);
    expect(ended).toBe("upstream-unreachable");
  });

  test("past the limit none is made; the next asker tries again", () => {
    const { calls, outcomes, refresher, fail } = begin();
    for (const key of ["a", "b", "c"]) refresher.start(exchange, asked(key));
    expect([calls.length, outcomes]).toEqual([2, ["skipped"]]);
    fail(0);
    refresher.start(exchange, asked("c"));
    expect([calls.length, outcomes]).toEqual([3, ["skipped", "failed"]]);
  });

  test("after a failure there is a pause, longer with each, and no clock that is set back prolongs it", () => {
    const { time, calls, refresher, fail } = begin();
    const startsAfter = (passedMs: number) => {
      time.nowMs += passedMs;
      const before = calls.length;
      refresher.start(exchange, asked("a"));
      if (calls.length === before) return false;
      fail(before);
      return true;
    };
    expect(startsAfter(0)).toBe(true);
    expect([startsAfter(999), startsAfter(1)]).toEqual([false, true]);
    expect([startsAfter(1_999), startsAfter(1)]).toEqual([false, true]);
    for (let count = 0; count < 10; count++) startsAfter(60_000);
    expect([startsAfter(59_999), startsAfter(1)]).toEqual([false, true]);
    expect(startsAfter(-3_600_000)).toBe(true);
    // Of another key nothing is known.
    refresher.start(exchange, asked("b"));
    expect(calls.at(-1)?.aborted).toBe(false);
  });

  test("one that takes too long is broken off", () => {
    vi.useFakeTimers();
    const { calls, outcomes, refresher } = begin({ maxUnderWay: 2, timeoutMs: 1_000 });
    refresher.start(exchange, asked("a"));
    vi.advanceTimersByTime(999);
    expect([calls[0]?.aborted, outcomes]).toEqual([false, []]);
    vi.advanceTimersByTime(1);
    expect([calls[0]?.aborted, outcomes]).toEqual([true, ["failed"]]);
  });

  test("the end of the process breaks off all, and none begins after it", () => {
    const { calls, outcomes, refresher } = begin();
    for (const key of ["a", "b"]) refresher.start(exchange, asked(key));
    refresher.close();
    refresher.start(exchange, asked("c"));
    expect(calls.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(outcomes).toEqual(["failed", "failed"]);
  });
});
