import type { CacheEntry } from "../model/cache-entry.ts";

/**
 * Objects and bookkeeping of an entry that is alone in its partition (the usual case in conversations, where each turn
 * has a frame of its own): record, entry, answer, usage, two list nodes, heap slot, three map slots, partition, headers
 * of strings and Buffers. Measured on Node.js 20 as growth of the process at 50,000 entries (3,600 bytes each with 500
 * bytes of answer and 340 characters of text), and rounded up.
 */
const FIXED_BYTES = 2500;
/** A vector's Float32Array, its slot in the index, and the index itself when it has no other. */
const FIXED_VECTOR_BYTES = 1000;
const FIXED_TAG_BYTES = 40;
/** V8 keeps a text that has any character beyond Latin-1 in two bytes for each; assumed of all. */
const BYTES_PER_CHARACTER = 2;

/**
 * What an entry costs in memory, in bytes, on the high side:
 * fixed part + 2 x characters of all texts + bytes of the answer + for a vector 3 x 4 x dimensions (the entry's own, and
 * the place in the index, whose blocks may be half empty).
 */
export function toEntryCost(entry: CacheEntry): number {
  let characters =
    entry.id.length +
    entry.exactKey.length +
    entry.partition.length +
    entry.tenant.length +
    entry.namespace.length +
    entry.upstream.length +
    (entry.model?.length ?? 0) +
    entry.promptText.length +
    entry.answer.contentType.length +
    (entry.answer.openaiVersion?.length ?? 0) +
    (entry.finishReason?.length ?? 0);
  for (const tag of entry.tags) characters += tag.length;
  const vectorBytes =
    entry.vector === null
      ? 0
      : FIXED_VECTOR_BYTES +
        entry.vector.embedderId.length * BYTES_PER_CHARACTER +
        3 * Float32Array.BYTES_PER_ELEMENT * entry.vector.values.length;
  return (
    FIXED_BYTES +
    characters * BYTES_PER_CHARACTER +
    entry.tags.length * FIXED_TAG_BYTES +
    entry.answer.body.byteLength +
    vectorBytes
  );
}

/** What the table, the head and the keys of an entry take: measured, and rounded up. */
const EMBEDDED_FIXED_BYTES = 700;
const PAGE_BYTES = 4096;
/** Pages of a B+-tree are two thirds full or more. */
const PAGE_WASTE = 1.5;

/**
 * What an entry costs on the disk and in memory together, in bytes: its record, its head and texts in the head, its
 * vector on the disk and in the index (as exact search has it; a large one has less).
 */
export function toEmbeddedCost(entry: CacheEntry, recordBytes: number): number {
  const dimensions = entry.vector?.values.length ?? 0;
  const texts = entry.namespace.length + (entry.model?.length ?? 0) + entry.tags.join("").length;
  const disk = toPageBytes(recordBytes) + (dimensions === 0 ? 0 : toPageBytes(4 * dimensions + 12));
  return Math.ceil(EMBEDDED_FIXED_BYTES + 2 * PAGE_WASTE * texts + disk + (dimensions === 0 ? 0 : 64 + 4 * dimensions));
}

/** Values over half a page have pages of their own. */
function toPageBytes(bytes: number): number {
  return bytes > PAGE_BYTES / 2 - 64 ? Math.ceil((bytes + 32) / PAGE_BYTES) * PAGE_BYTES : bytes * PAGE_WASTE;
}
