import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CacheEntry } from "../model/cache-entry.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import { assertUnitVector, encodeEntryLine, readEntryLine } from "./entry-line.ts";

const digest = (letter: string) => letter.repeat(43);
const sample: CacheEntry = {
  id: randomUUID(),
  exactKey: digest("e") as ExactKey,
  partition: digest("p") as PartitionKey,
  tenant: digest("t") as TenantId,
  namespace: "default",
  dialect: "openai-chat",
  upstream: "https://api.openai.com/v1/chat/completions",
  model: "gpt-4o",
  promptText: "What is a key?",
  vector: { embedderId: "embedder-1", values: new Float32Array([0.6, -0.8]) },
  answer: {
    shape: "json",
    status: 200,
    contentType: "application/json",
    openaiVersion: "2020-10-01",
    body: Buffer.from('{"a":1.0}'),
  },
  usage: { inputTokens: 3, outputTokens: 4 },
  finishReason: "stop",
  providerMs: 12.5,
  tags: ["faq"],
  createdAtMs: 1_760_000_000_000,
  expiresAtMs: 1_760_000_001_000,
};
const whole = { vectors: true, deployment: "mark" };
const lineOf = (entry: CacheEntry, options = whole) => JSON.parse(encodeEntryLine(entry, options)) as object;

describe("an entry as a line", () => {
  it("comes back as it was, whatever its texts and bytes are", () => {
    const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());
    const entries = fc.record({
      promptText: text,
      body: fc.oneof(fc.uint8Array(), text).map((body) => Buffer.from(body as string)),
      model: fc.option(text),
      usage: fc.option(
        fc.record(
          {
            inputTokens: fc.nat(),
            outputTokens: fc.nat(),
            cachedInputTokens: fc.nat(),
            cacheWriteTokens: fc.nat(),
            cacheWriteHourTokens: fc.nat(),
            reasoningTokens: fc.nat(),
          },
          { requiredKeys: ["inputTokens", "outputTokens"] },
        ),
      ),
      finishReason: fc.option(fc.constantFrom("stop", "end_turn")),
      values: fc.option(fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1 })),
      shape: fc.constantFrom("json" as const, "stream" as const),
      expiresAtMs: fc.maxSafeNat(),
    });
    fc.assert(
      fc.property(entries, ({ body, values, shape, ...changes }) => {
        const vector = values === null ? null : { embedderId: "e", values };
        const entry: CacheEntry = { ...sample, ...changes, vector, answer: { ...sample.answer, shape, body } };
        const line = encodeEntryLine(entry, whole);
        expect(line).not.toContain("\n");
        const read = readEntryLine(JSON.parse(line));
        expect(read).toEqual({ entry, isSemantic: vector !== null, deployment: "mark" });
      }),
    );
  });

  it("has text where the answer is UTF-8, and its vector only if asked for", () => {
    expect(lineOf(sample)).toMatchObject({ answer: { text: '{"a":1.0}' }, match: "semantic" });
    const bare = lineOf(sample, { vectors: false, deployment: "mark" });
    expect(bare).not.toHaveProperty("vector");
    expect(readEntryLine(bare)).toMatchObject({ isSemantic: true, entry: { vector: null } });
    const bytes = { ...sample, answer: { ...sample.answer, body: Buffer.from([0xff]) } };
    expect(lineOf(bytes)).toMatchObject({ answer: { base64: "/w==" } });
    // -0.8 and 0.6 as IEEE 754 single precision, little-endian.
    expect(lineOf(sample)).toMatchObject({ vector: { embedder: "embedder-1", base64: "mpkZP83MTL8=" } });
  });

  it.each<[object, RegExp]>([
    [{ semcache_entry: 2 }, /^semcache_entry is of another version, this one reads 1$/],
    [{ semcache_entry: 2, id: 7, colour: "red" }, /^semcache_entry is of another version/],
    [{ id: "one" }, /^id: is not a UUID/],
    [{ exact_key: "short" }, /^exact_key: is not a SHA-256 digest/],
    [{ partition: `${digest("p")}=` }, /^partition: /],
    [{ tenant: "" }, /^tenant: /],
    [{ namespace: "a b" }, /^namespace: must be 1 to 128/],
    [{ dialect: "gemini" }, /^dialect: /],
    [{ prompt: "\uD800" }, /^prompt: has a lone surrogate/],
    [{ match: "maybe" }, /^match: /],
    [{ tags: ["a,b"] }, /^tags\.0: /],
    [{ tags: Array.from({ length: 33 }, (_, index) => `t${index}`) }, /^tags: /],
    [{ created_at_ms: -1 }, /^created_at_ms: /],
    [{ expires_at_ms: "tomorrow" }, /^expires_at_ms: /],
    [{ usage: { input_tokens: 1 } }, /^usage\.output_tokens: /],
    [{ colour: "red" }, /colour/],
    [{ vector: { embedder: "e", base64: "AAA" } }, /^vector\.base64: is not base64/],
    [{ vector: { embedder: "e", base64: "AAAA" } }, /^vector\.base64 has 3 bytes/],
  ])("is refused with %j, naming the field", (changes, message) => {
    expect(() => readEntryLine({ ...lineOf(sample), ...changes })).toThrow(message);
  });

  it.each<[object, RegExp]>([
    [{ status: 404 }, /^answer\.status: /],
    [{ content_type: "text/plain\r\nset-cookie: a=b" }, /^answer\.content_type: is not a header's value/],
    [{ openai_version: "\n" }, /^answer\.openai_version: /],
    [{ text: undefined }, /^answer: must have either text or base64/],
    [{ base64: "AAAA" }, /^answer: must have either text or base64/],
    [{ text: undefined, base64: "%%%%" }, /^answer\.base64: is not base64/],
    [{ shape: "xml" }, /^answer\.shape: /],
  ])("is refused with the answer %j", (changes, message) => {
    const line = lineOf(sample) as { answer: object };
    expect(() => readEntryLine({ ...line, answer: { ...line.answer, ...changes } })).toThrow(message);
  });
});

describe("assertUnitVector", () => {
  const vector = (values: readonly number[]) => ({ embedderId: "e", values: Float32Array.from(values) });

  it("takes what an embedder can have made", () => {
    expect(() => assertUnitVector(vector([0.6, 0.8]), 2)).not.toThrow();
    expect(() => assertUnitVector(vector([1, 0]), 2)).not.toThrow();
  });

  it.each<[readonly number[], RegExp]>([
    [[1], /has 1 values, its embedder 2/],
    [[1, 1], /unit length: the sum of its squares is 2/],
    [[0, 0], /unit length/],
    [[Number.NaN, 0], /unit length/],
    [[Number.POSITIVE_INFINITY, 0], /unit length/],
  ])("refuses %j", (values, message) => {
    expect(() => assertUnitVector(vector(values), 2)).toThrow(message);
  });
});
