// Entries whose every byte follows from their id, `<key>.<version>`: whoever finds one knows what it must be.
import { createCipheriv, createHash } from "node:crypto";

export const START_MS = Date.UTC(2026, 0, 1);
export const KEYS = 120;
export const PARTITIONS = 5;
export const TAGS = ["red", "green", "blue"];

export function keyOf(id) {
  return `exact-${id.split(".")[0]}`;
}

export function partitionOf(id) {
  return `partition-${Number(id.split(".")[0]) % PARTITIONS}`;
}

/** Of eight dimensions and unit length, as Float32 numbers give it. */
export function vectorOf(id) {
  const digest = createHash("sha256").update(`vector ${id}`).digest();
  const values = Float32Array.from({ length: 8 }, (_, index) => digest.readInt16LE(2 * index) + 0.5);
  const length = Math.hypot(...values);
  return { embedderId: "embedder-1", values: values.map((value) => value / length) };
}

export function deriveEntry(id) {
  const [key, version] = id.split(".").map(Number);
  const digest = createHash("sha256").update(id).digest();
  const isStream = digest[0] % 4 === 0;
  const isLarge = digest[1] % 6 === 0;
  const length = isLarge ? 2_000 + digest.readUInt16LE(2) : digest[2] * 2;
  const body = isStream
    ? Buffer.from(`data: ${digest.toString("hex")} `.repeat(Math.ceil(length / 70))).subarray(0, length)
    : createCipheriv("aes-128-ctr", digest.subarray(0, 16), digest.subarray(16)).update(Buffer.alloc(length));
  const createdAtMs = START_MS + version * 1000;
  return {
    id,
    exactKey: keyOf(id),
    partition: partitionOf(id),
    tenant: `tenant-${key % 3}`,
    namespace: `namespace-${key % 2}`,
    dialect: isStream ? "openai-chat" : "generic-json",
    upstream: "https://api.openai.com/v1/chat/completions",
    model: digest[3] % 5 === 0 ? null : `model-${digest[3] % 3}`,
    promptText: `What is ${id}?`.repeat(1 + (digest[4] % 8)),
    vector: digest[5] % 4 === 0 ? null : vectorOf(id),
    answer: {
      shape: isStream ? "stream" : "json",
      status: 200,
      contentType: isStream ? "text/event-stream" : "application/json",
      openaiVersion: null,
      body,
    },
    usage: digest[6] % 2 === 0 ? null : { inputTokens: digest[7], outputTokens: digest[8] },
    finishReason: "stop",
    providerMs: digest[9] * 10 + 0.5,
    tags: TAGS.filter((_, index) => digest[10] & (1 << index)),
    createdAtMs,
    expiresAtMs: createdAtMs + (digest[11] % 4 === 0 ? 100_000 : 1_000_000_000),
  };
}

/** What differs from what was put under this id; null: nothing. */
export function differenceOf(found) {
  const { lastUsedAtMs: _used, hits: _hits, vector, answer, ...rest } = found;
  const expected = deriveEntry(found.id);
  const { vector: expectedVector, answer: expectedAnswer, ...expectedRest } = expected;
  if (JSON.stringify(sorted(rest)) !== JSON.stringify(sorted(expectedRest))) return "its fields";
  const { body, ...head } = answer;
  const { body: expectedBody, ...expectedHead } = expectedAnswer;
  if (JSON.stringify(sorted(head)) !== JSON.stringify(sorted(expectedHead))) return "its answer's fields";
  if (!body.equals(expectedBody)) return `its body, ${body.length} of ${expectedBody.length} bytes`;
  if (
    JSON.stringify(vector && { ...vector, values: [...vector.values] }) !==
    JSON.stringify(expectedVector && { ...expectedVector, values: [...expectedVector.values] })
  )
    return "its vector";
  return null;
}

function sorted(record) {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
