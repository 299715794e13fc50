import { describe, expect, test } from "vitest";
import type { CacheEntry } from "../model/cache-entry.ts";
import { toOwnMemory } from "./own-memory.ts";

function entryOf(body: Buffer, values: Float32Array): CacheEntry {
  return { answer: { body }, vector: { embedderId: "e", values } } as unknown as CacheEntry;
}

describe("toOwnMemory", () => {
  test("takes a small body and vector out of the large memory that they are part of", () => {
    const body = Buffer.alloc(65_536, 7).subarray(1000, 1010);
    const values = new Float32Array(4096).fill(3).subarray(8, 12);
    const own = toOwnMemory(entryOf(body, values));
    expect(own.answer.body.equals(body)).toBe(true);
    expect(own.answer.body.buffer.byteLength).toBe(10);
    expect(own.vector?.values).toEqual(values);
    expect(own.vector?.values.buffer.byteLength).toBe(16);
  });

  test("leaves Node's pool, also for an empty body", () => {
    expect(toOwnMemory(entryOf(Buffer.from("pooled"), new Float32Array(1))).answer.body.buffer.byteLength).toBe(6);
    expect(toOwnMemory(entryOf(Buffer.from("pool").subarray(0, 0), new Float32Array(1))).answer.body).toHaveLength(0);
  });

  test("copies nothing that has its own memory", () => {
    const body = Buffer.alloc(100_000);
    const values = new Float32Array(384);
    const own = toOwnMemory(entryOf(body, values));
    expect(own.answer.body).toBe(body);
    expect(own.vector?.values).toBe(values);
  });
});
