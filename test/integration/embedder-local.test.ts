import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Embedder, Embedding } from "#semcache/embedding/embedder.js";
import { createLocalEmbedder } from "#semcache/embedding/local-embedder.js";
import type { InferencePool } from "#semcache/inference/inference-pool.js";
import { loadModelManifest } from "#semcache/inference/model-manifest.js";
import { createWorkerPool } from "#semcache/inference/worker-pool.js";
import { createLocalVerifier } from "#semcache/matching/local-verifier.js";
import type { Verifier } from "#semcache/matching/verifier.js";

let pool: InferencePool;
let embedder: Embedder;
let verifier: Verifier;

beforeAll(async () => {
  pool = createWorkerPool({ models: await loadModelManifest(), workers: 1 });
  embedder = createLocalEmbedder(pool);
  verifier = createLocalVerifier(pool);
  await pool.warm();
});
afterAll(() => pool.close());

function valuesOf(embedding: Embedding | undefined): Float32Array {
  if (embedding?.kind !== "embedded") throw new TypeError(`${embedding?.kind}`);
  return embedding.vector.values;
}
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

describe("embedder", () => {
  test("the same question in other words is near, another question less, another subject far", async () => {
    const [question, ...others] = await embedder.embed([
      "What is the capital of France?",
      "Tell me France's capital city",
      "What is the capital of Spain?",
      "How do I bake bread?",
    ]);
    const cosines = others.map((other) => dot(valuesOf(question), valuesOf(other)));
    expect(Math.abs((cosines[0] ?? 0) - 0.907)).toBeLessThan(0.01);
    expect(Math.abs((cosines[1] ?? 0) - 0.695)).toBeLessThan(0.01);
    expect(Math.abs((cosines[2] ?? 0) - 0.15)).toBeLessThan(0.01);
  });

  test("vectors have unit length, the promised dimensions and the embedder's id", async () => {
    const texts = ["", "a", "Où est la gare?", "🙂🙂🙂", "river ".repeat(250)];
    for (const embedding of await embedder.embed(texts)) {
      expect(valuesOf(embedding)).toHaveLength(embedder.dimensions);
      expect(dot(valuesOf(embedding), valuesOf(embedding))).toBeCloseTo(1, 5);
      expect(embedding).toMatchObject({ vector: { embedderId: embedder.id } });
    }
    expect(embedder.id).toMatch(/^minilm-l6-v2-int8:[0-9a-f]{8}$/);
    expect(embedder.maxTokens).toBe(256);
  });

  test("composed and decomposed letters are one prompt", async () => {
    const [composed, decomposed] = await embedder.embed([
      "Caf\u00e9 \uac00 in Z\u00fcrich",
      "Cafe\u0301 \u1100\u1161 in Zu\u0308rich",
    ]);
    expect(composed).toEqual(decomposed);
  });

  test("counts tokens and unknown ones without the special ones", async () => {
    const counts = (await embedder.embed(["What is love?", "ᚠᚢᚦ is a rune", "[SEP]", ""])).map(({ tokens }) => tokens);
    expect(counts).toEqual([
      { total: 4, unknown: 0 },
      { total: 4, unknown: 1 },
      { total: 3, unknown: 0 },
      { total: 0, unknown: 0 },
    ]);
  });

  test("what is over the window is not embedded", async () => {
    const [long, short] = await embedder.embed(["river ".repeat(300), "river"]);
    expect(long).toEqual({ kind: "too-long", tokens: { total: 300, unknown: 0 } });
    expect(short?.kind).toBe("embedded");
  });

  test("an abort reaches the pool", async () => {
    await expect(embedder.embed(["a"], AbortSignal.abort())).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("verifier", () => {
  test("other words score higher than another question", async () => {
    const a = "What is the capital of France?";
    const [same, other, far] = await verifier.score([
      { a, b: "Tell me France's capital city" },
      { a, b: "What is the capital of Spain?" },
      { a, b: "How do I bake bread?" },
    ]);
    expect(same).toBeGreaterThan(2);
    expect(other).toBeLessThan(-2);
    expect(far).toBeLessThan(-2);
  });

  test("null where the pair is too long; texts in NFC; its own id", async () => {
    const [long, composed, decomposed] = await verifier.score([
      { a: "river ".repeat(70), b: "river ".repeat(70) },
      { a: "Caf\u00e9 \uac00?", b: "Z\u00fcrich" },
      { a: "Cafe\u0301 \u1100\u1161?", b: "Zu\u0308rich" },
    ]);
    expect(long).toBeNull();
    expect(composed).toEqual(expect.any(Number));
    expect(composed).toBe(decomposed);
    expect(verifier.id).toMatch(/^bge-small-en-v1\.5-8l-pair-int8:[0-9a-f]{8}$/);
    expect(verifier.maxTokens).toBe(128);
  });
});
