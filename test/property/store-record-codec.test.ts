import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntry, decodePrompt, encodeEntry, type DecodedEntry } from "#semcache/store/lmdb/entry-codec.js";
import type { EntryFacts } from "#semcache/store/entry-table/entry-table.js";
import { decodeHead, encodeHead } from "#semcache/store/lmdb/head-codec.js";
import { RecordFault } from "#semcache/store/lmdb/record-frame.js";
import { decodeVector, encodeVector } from "#semcache/store/lmdb/vector-codec.js";
import type { CacheEntry } from "#semcache/model/cache-entry.js";
import type { ExactKey, PartitionKey, TenantId } from "#semcache/model/keys.js";

/** As the code makes them: fast-check gives out objects without a prototype otherwise. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true });

/** Any UTF-16, lone surrogates too, and now and then a long one. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme-ascii", maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("", "\ud800", "é", "a".repeat(40_000), "日本語".repeat(3_000)),
);
const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, Infinity, -Infinity, NaN, 0.1, 2 ** 53));
const anySequence = fc.oneof(
  fc.nat(),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(0, 1, 0xffff_ffff, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  // Compressible, and long enough for each way to compress.
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.integer({ min: 1, max: 1_500 }))
    .map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes))),
  fc.constant(Buffer.alloc(0)),
);
const anyEntry: fc.Arbitrary<CacheEntry> = record({
  id: anyText,
  exactKey: anyText.map((text) => text as ExactKey),
  partition: anyText.map((text) => text as PartitionKey),
  tenant: anyText.map((text) => text as TenantId),
  namespace: anyText,
  dialect: fc.constantFrom("openai-chat", "anthropic-messages", "generic-json", "cache-aside"),
  upstream: anyText,
  model: fc.option(anyText),
  promptText: anyText,
  vector: fc.option(record({ embedderId: anyText, values: fc.float32Array({ maxLength: 8 }) })),
  answer: record({
    shape: fc.constantFrom("json", "stream"),
    status: fc.integer({ min: 0, max: 70_000 }),
    contentType: anyText,
    openaiVersion: fc.option(anyText),
    body: anyBody,
  }),
  usage: fc.option(
    fc.record(
      {
        inputTokens: anyNumber,
        outputTokens: anyNumber,
        cachedInputTokens: fc.nat(),
        cacheWriteTokens: fc.nat(),
        cacheWriteHourTokens: fc.nat(),
        reasoningTokens: fc.nat(),
      },
      { requiredKeys: ["inputTokens", "outputTokens"], noNullPrototype: true },
    ),
  ),
  finishReason: fc.option(anyText),
  providerMs: anyNumber,
  tags: fc.array(anyText, { maxLength: 4 }),
  createdAtMs: anyNumber,
  expiresAtMs: anyNumber,
});
const anyFacts: fc.Arbitrary<EntryFacts> = record({
  sequence: anySequence,
  id: anyText,
  exactKey: anyText.map((text) => text as ExactKey),
  partition: anyText.map((text) => text as PartitionKey),
  tenant: anyText.map((text) => text as TenantId),
  namespace: anyText,
  model: fc.option(anyText),
  tags: fc.array(anyText, { maxLength: 4 }),
  embedderId: fc.option(anyText),
  createdAtMs: anyNumber,
  expiresAtMs: anyNumber,
  lastUsedAtMs: anyNumber,
  hits: anyNumber,
  bytes: anyNumber,
  worth: anyNumber,
});

function toDecoded({ vector, ...entry }: CacheEntry): DecodedEntry {
  return { ...entry, embedderId: vector?.embedderId ?? null };
}

/** The body as text: comparing Buffers byte by byte takes seconds. */
function comparable(entry: DecodedEntry): unknown {
  return { ...entry, answer: { ...entry.answer, body: entry.answer.body.toString("latin1") } };
}

/** As the lmdb package hands it out: a longer memory whose `length` is a property of its own. */
function lent(record: Buffer): Buffer {
  const memory = Buffer.concat([record, Buffer.from("the record before this one")]);
  Object.defineProperty(memory, "length", { value: record.length, writable: true });
  return memory;
}

/** Of every bit flipped in turn, every cut, and more of the like: what was taken for a record all the same. */
function damageNotSeen(record: Buffer, decode: (record: Buffer) => unknown): string[] {
  const unseen: string[] = [];
  const attempt = (bytes: Buffer, how: string) => {
    try {
      decode(bytes);
      unseen.push(how);
    } catch (error) {
      if (!(error instanceof RecordFault)) throw error;
    }
  };
  for (let bit = 0; bit < record.length * 8; bit++) {
    const damaged = Buffer.from(record);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    attempt(damaged, `bit ${bit} flipped`);
  }
  for (let length = 0; length < record.length; length++) attempt(record.subarray(0, length), `cut to ${length} bytes`);
  attempt(Buffer.concat([record, Buffer.alloc(1)]), "one byte more");
  attempt(Buffer.alloc(record.length), "zeros");
  return unseen;
}

describe("records of the embedded store", () => {
  test("give back every entry exactly, without its vector", async () => {
    await fc.assert(
      fc.asyncProperty(anySequence, anyEntry, async (sequence, entry) => {
        const stored = await encodeEntry(sequence, entry);
        expect(comparable(decodeEntry(sequence, stored))).toStrictEqual(comparable(toDecoded(entry)));
        expect(comparable(decodeEntry(sequence, lent(stored)))).toStrictEqual(comparable(toDecoded(entry)));
        const { id, promptText, createdAtMs, expiresAtMs } = entry;
        expect(decodePrompt(sequence, lent(stored))).toStrictEqual({ id, promptText, createdAtMs, expiresAtMs });
      }),
      { numRuns: 200 },
    );
  });

  test("give back every head exactly", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const stored = encodeHead(facts);
        expect(decodeHead(facts.sequence, stored)).toStrictEqual(facts);
        expect(decodeHead(facts.sequence, lent(stored))).toStrictEqual(facts);
      }),
      { numRuns: 300 },
    );
  });

  test("give back every vector exactly", () => {
    fc.assert(
      fc.property(anySequence, fc.float32Array({ maxLength: 400 }), (sequence, values) => {
        expect(decodeVector(sequence, lent(encodeVector(sequence, values)))).toStrictEqual(values);
      }),
    );
  });

  test("are refused with any bit flipped, at any cut", async () => {
    await fc.assert(
      fc.asyncProperty(anySequence, anyEntry, async (sequence, entry) => {
        const short = { ...entry, promptText: entry.promptText.slice(0, 50), tags: entry.tags.slice(0, 1) };
        const stored = await encodeEntry(sequence, short);
        fc.pre(stored.length < 1_500);
        expect(damageNotSeen(stored, (bytes) => decodeEntry(sequence, bytes))).toEqual([]);
        expect(damageNotSeen(stored, (bytes) => decodePrompt(sequence, bytes))).toEqual([]);
      }),
      { numRuns: 6 },
    );
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const stored = encodeHead(facts);
        fc.pre(stored.length < 1_000);
        expect(damageNotSeen(stored, (bytes) => decodeHead(facts.sequence, bytes))).toEqual([]);
      }),
      { numRuns: 6 },
    );
    fc.assert(
      fc.property(anySequence, fc.float32Array({ minLength: 1, maxLength: 100 }), (sequence, values) => {
        const stored = encodeVector(sequence, values);
        expect(damageNotSeen(stored, (bytes) => decodeVector(sequence, bytes))).toEqual([]);
      }),
      { numRuns: 4 },
    );
  });

  test("are refused under the key of another entry, and as a record of another kind", async () => {
    await fc.assert(
      fc.asyncProperty(anyEntry, anyFacts, anySequence, async (entry, facts, other) => {
        const { sequence } = facts;
        const stored = await encodeEntry(sequence, entry);
        const head = encodeHead(facts);
        const vector = encodeVector(sequence, Float32Array.of(1, 2, 3));
        for (const bytes of [head, vector]) expect(() => decodeEntry(sequence, bytes)).toThrow(RecordFault);
        for (const bytes of [stored, vector]) expect(() => decodeHead(sequence, bytes)).toThrow(RecordFault);
        for (const bytes of [stored, head]) expect(() => decodeVector(sequence, bytes)).toThrow(RecordFault);
        fc.pre(other !== sequence);
        expect(() => decodeEntry(other, stored)).toThrow(RecordFault);
        expect(() => decodeHead(other, head)).toThrow(RecordFault);
        expect(() => decodeVector(other, vector)).toThrow(RecordFault);
      }),
      { numRuns: 50 },
    );
  });

  test("keep no memory of the record, nor more than they need", async () => {
    await fc.assert(
      fc.asyncProperty(anyEntry, async (entry) => {
        const stored = await encodeEntry(7, entry);
        const { body } = decodeEntry(7, stored).answer;
        expect(body.buffer).not.toBe(stored.buffer);
        expect(body.buffer.byteLength).toBeLessThanOrEqual(body.length + 64);
        const before = Buffer.from(body);
        stored.fill(0);
        expect(body.equals(before)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
