import { expect, test } from "vitest";
import { withTraceHeaders } from "./trace-headers.ts";

const trace = "0af7651916cd43dd8448eb211c80319c";
const other = "4bf92f3577b34da6a3ce929d0e0e4736";
const parent = (id: string, span = "b7ad6b7169203331") => `00-${id}-${span}-01`;
const client = ["Host", "a", "TraceParent", parent(trace), "tracestate", "x=1", "tracestate", "y=2", "Baggage", "k=v"];

test("without a trace of ours not a byte changes", () => {
  expect(withTraceHeaders(client, {})).toBe(client);
});

test("our span takes the place of the client's; baggage stays as it came", () => {
  const ours = { traceparent: parent(trace, "00f067aa0ba902b7"), tracestate: "x=1,y=2", baggage: "k=w" };
  expect(withTraceHeaders(client, ours)).toEqual([
    "Host",
    "a",
    "Baggage",
    "k=v",
    "traceparent",
    ours.traceparent,
    "tracestate",
    "x=1,y=2",
  ]);
});

test.each([
  ["stays with its trace", parent(trace, "00f067aa0ba902b7"), true],
  ["does not go over to another trace", parent(other), false],
])("a tracestate that the SDK has nothing to say to %s", (_, traceparent, stays) => {
  const headers = withTraceHeaders(client, { traceparent });
  expect(headers.filter((_, index) => index % 2 === 0).includes("tracestate")).toBe(stays);
  expect(headers.slice(-2)).toEqual(["traceparent", traceparent]);
});

test("a client without a trace: ours is added", () => {
  expect(withTraceHeaders(["Host", "a"], { traceparent: parent(trace) })).toEqual([
    "Host",
    "a",
    "traceparent",
    parent(trace),
  ]);
});

test("a tracestate without a trace belongs to none", () => {
  expect(withTraceHeaders(["tracestate", "x=1"], { traceparent: parent(trace) })).toEqual([
    "traceparent",
    parent(trace),
  ]);
});

test("another format: only its own headers are replaced", () => {
  const headers = withTraceHeaders(["traceparent", parent(trace), "X-B3-TraceId", "1"], { "x-b3-traceid": "2" });
  expect(headers).toEqual(["traceparent", parent(trace), "x-b3-traceid", "2"]);
});
