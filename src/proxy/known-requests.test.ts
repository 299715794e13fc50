import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { untracedRequest } from "../telemetry/tracing/tracing.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { KnownRequests } from "./known-requests.ts";

interface Parts {
  route?: Exchange["route"];
  target?: string;
  headers?: readonly string[];
  body?: string;
}

function exchange({ route = "openai-chat-completions", target = "/v1/x", headers = [], body = "{}" }: Parts): Exchange {
  return {
    id: "id",
    route,
    target,
    request: { rawHeaders: headers } as unknown as IncomingMessage,
    response: {} as ServerResponse,
    body: { kind: "whole", bytes: Buffer.from(body) },
    signal: new AbortController().signal,
    startedAt: 0,
    trace: untracedRequest,
  };
}

const known = new KnownRequests({ counted: ["x-request-id"] });
const keyOf = (parts: Parts) => known.keyOf(exchange(parts));

describe("the key of a request", () => {
  const base = { headers: ["Authorization", "Bearer a", "x-semcache-mode", "exact"], body: '{"a":1}' };

  test.each<[what: string, other: Parts]>([
    ["another body", { ...base, body: '{"a":2}' }],
    ["another credential", { ...base, headers: ["Authorization", "Bearer b", "x-semcache-mode", "exact"] }],
    ["a header more", { ...base, headers: [...base.headers, "cache-control", "no-store"] }],
    ["a header that nobody knows", { ...base, headers: [...base.headers, "x-unknown", "1"] }],
    ["a header less", { ...base, headers: ["Authorization", "Bearer a"] }],
    ["an empty header", { ...base, headers: [...base.headers, "x-semcache-namespace", ""] }],
    [
      "the same lines in another order",
      { ...base, headers: ["x-semcache-mode", "exact", "Authorization", "Bearer a"] },
    ],
    ["a value that looks like two headers", { ...base, headers: ["Authorization", "Bearer ax-semcache-mode:exact"] }],
    ["another path", { ...base, target: "/v1/y" }],
    ["another query", { ...base, target: "/v1/x?key=1" }],
    ["another route", { ...base, route: "anthropic-messages" }],
    ["a request id that configuration counts", { ...base, headers: [...base.headers, "X-Request-Id", "1"] }],
  ])("differs for %s", (_what, other) => {
    expect(keyOf(other)).not.toBe(keyOf(base));
  });

  test("is the same for the same bytes", () => {
    expect(keyOf({ ...base })).toBe(keyOf(base));
  });

  test("does not count ids of the single request, in any case", () => {
    for (const name of ["traceparent", "Traceparent", "Idempotency-Key", "X-Stainless-Retry-Count"]) {
      const one = keyOf({ ...base, headers: [...base.headers, name, "one"] });
      const other = keyOf({ ...base, headers: [...base.headers, name, "other"] });
      expect(one).toBe(other);
    }
  });

  test("is not made for what is not compared", () => {
    expect(keyOf({ ...base, route: "other" })).toBeNull();
    expect(known.keyOf({ ...exchange(base), body: { kind: "none" } })).toBeNull();
  });
});

test("what is remembered is bounded by its size", () => {
  const bounded = new KnownRequests({ counted: [] });
  const large = { promptText: "x".repeat(500_000) } as UnderstoodRequest;
  for (let number = 0; number < 20; number++) bounded.add(`key ${number}`, large);
  const kept = Array.from({ length: 20 }, (_, number) => bounded.get(`key ${number}`)).filter(
    (found) => found !== null,
  );
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThanOrEqual(4);
  expect(bounded.get("key 19")).toBe(large);
});
