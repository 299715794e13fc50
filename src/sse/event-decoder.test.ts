import { describe, expect, it } from "vitest";
import { createEventDecoder, decodeEvents } from "./event-decoder.ts";

const events = (text: string) => decodeEvents(Buffer.from(text, "utf8"));

describe("decodeEvents", () => {
  it.each([
    ["LF", "data: a\n\ndata: b\n\n"],
    ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n"],
    ["CR", "data: a\r\rdata: b\r\r"],
    ["a mixture", "data: a\r\n\ndata: b\n\r"],
    ["no space after the colon", "data:a\n\ndata:b\n\n"],
    ["a byte order mark", "\uFEFFdata: a\n\ndata: b\n\n"],
    ["comments, ids, retry and unknown fields", ": ping\nid: 1\nretry: 5\nfoo: bar\ndata: a\n\n:\n\ndata: b\n\n"],
  ])("reads %s", (_, text) => {
    expect(events(text)).toEqual([
      { event: null, data: "a" },
      { event: null, data: "b" },
    ]);
  });

  it("joins data lines and keeps event names", () => {
    expect(events("event: x\ndata: a\ndata:\ndata: b\n\n")).toEqual([{ event: "x", data: "a\n\nb" }]);
  });

  it("drops an unfinished event at the end of input", () => {
    expect(events("data: a\n\ndata: b\n")).toEqual([{ event: null, data: "a" }]);
    expect(events("data: a\n\ndata: b")).toEqual([{ event: null, data: "a" }]);
  });

  it("drops an event without data", () => {
    expect(events("event: ping\n\n")).toEqual([]);
    expect(events("event: ping\ndata:\n\n")).toEqual([{ event: "ping", data: "" }]);
  });

  it("takes a byte order mark at the start only", () => {
    expect(events("data: \uFEFFa\n\n")).toEqual([{ event: null, data: "\uFEFFa" }]);
    expect(events("\u00EF\u00BB\u00BFdata: a\n\n")).toEqual([]);
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(decodeEvents(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a, 0x0a]))).toBeNull();
  });

  it("reads a megabyte of bare CR line ends in linear time", () => {
    expect(events(`${"\r".repeat(2 ** 20)}data: a\r\n\r\n`)).toEqual([{ event: null, data: "a" }]);
  });
});

describe("createEventDecoder", () => {
  it("gives each event with the chunk that completes it", () => {
    const decoder = createEventDecoder();
    expect(decoder.push(Buffer.from("data: \xc3\xa9\n", "utf8"))).toEqual([]);
    expect(decoder.push(Buffer.from("\n"))).toHaveLength(1);
    expect(decoder.push(Buffer.from("data: b\r"))).toEqual([]);
    expect(decoder.push(Buffer.from("\r"))).toEqual([{ event: null, data: "b" }]);
    expect(decoder.push(Buffer.from("\ndata: c\n\n"))).toEqual([{ event: null, data: "c" }]);
  });

  it("decodes a code point that is cut", () => {
    const decoder = createEventDecoder();
    const bytes = Buffer.from("data: 🙂\n\n");
    expect(decoder.push(bytes.subarray(0, 8))).toEqual([]);
    expect(decoder.push(bytes.subarray(8))).toEqual([{ event: null, data: "🙂" }]);
  });

  it("fails on invalid UTF-8 and gives nothing afterwards", () => {
    const decoder = createEventDecoder();
    expect(decoder.push(Uint8Array.of(0xff))).toEqual([]);
    expect(decoder.failure).toBe("invalid-utf8");
    expect(decoder.push(Buffer.from("data: a\n\n"))).toEqual([]);
  });

  it("fails where the input ends inside a code point", () => {
    const decoder = createEventDecoder();
    decoder.push(Buffer.from("data: 🙂").subarray(0, 8));
    decoder.end();
    expect(decoder.failure).toBe("invalid-utf8");
  });

  it("fails on an event over the cap, finished in one chunk or never", () => {
    const whole = createEventDecoder({ maxEventChars: 10 });
    expect(whole.push(Buffer.from("data: 12345\n\ndata: 12345678901\n\ndata: 1\n\n"))).toEqual([
      { event: null, data: "12345" },
    ]);
    expect(whole.failure).toBe("event-too-long");
    const parts = createEventDecoder({ maxEventChars: 10 });
    parts.push(Buffer.from("data: 1234567"));
    expect(parts.failure).toBe("event-too-long");
    expect(parts.push(Buffer.from("\n\n"))).toEqual([]);
  });
});
