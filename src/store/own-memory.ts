import type { CacheEntry } from "../model/cache-entry.ts";

/**
 * The entry with a body and a vector in memory of their own: a body of 200 bytes that is a slice of a network chunk
 * would keep the chunk's 64 KiB alive, a vector the whole batch of the embedder.
 */
export function toOwnMemory(entry: CacheEntry): CacheEntry {
  const { answer, vector } = entry;
  return {
    ...entry,
    answer: { ...answer, body: toOwnBuffer(answer.body) },
    vector: vector === null ? null : { ...vector, values: toOwnVector(vector.values) },
  };
}

function toOwnBuffer(body: Buffer): Buffer {
  if (body.buffer.byteLength === body.byteLength) return body;
  // allocUnsafeSlow, because allocUnsafe would take small ones from its pool again.
  const own = Buffer.allocUnsafeSlow(body.byteLength);
  body.copy(own);
  return own;
}

function toOwnVector(values: Float32Array): Float32Array {
  return values.buffer.byteLength === values.byteLength ? values : values.slice();
}
