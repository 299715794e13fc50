import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodeBody } from "./decode-body.ts";

const text = Buffer.from("an answer ".repeat(50));

describe("decodeBody", () => {
  test.each([
    ["gzip", gzipSync(text)],
    ["x-gzip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["br", brotliCompressSync(text)],
    ["identity", text],
    ["", text],
    ["GZIP , br", brotliCompressSync(gzipSync(text))],
  ])("undoes content-encoding: %s", (encoding, body) => {
    expect(decodeBody(body, encoding, 1000)).toEqual({ kind: "decoded", body: text });
  });

  test("an answer without the header is taken as it is", () => {
    expect(decodeBody(text, null, 1000)).toEqual({ kind: "decoded", body: text });
  });

  test("what decodes to more than the cap is not decoded to its end", () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    expect(decodeBody(bomb, "gzip", 1000)).toEqual({ kind: "too-large" });
    expect(decodeBody(text, null, 100)).toEqual({ kind: "too-large" });
  });

  test.each([
    ["zstd", text],
    ["gzip, gzip, gzip", gzipSync(gzipSync(gzipSync(text)))],
    ["gzip", text],
    ["gzip", gzipSync(text).subarray(0, 20)],
  ])("an unknown coding or damaged bytes are undecodable (%s)", (encoding, body) => {
    expect(decodeBody(body, encoding, 1000)).toEqual({ kind: "undecodable" });
  });
});
