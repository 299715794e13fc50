// A process that has vectors in memory and one way to search them: our index without a store, or one it is compared with.
import { setTimeout as sleep } from "node:timers/promises";
import { answerParent } from "./child.mjs";
import { privateBytes } from "./process-watch.mjs";
import { createVectorIndexSearcher } from "./vector-index-searcher.mjs";
import { dot, openVectors } from "./vectors.mjs";

const K = 8;
const BLOCK = 4096;
const ADD_EVERY_MS = 5;

const searchers = {
  "vector index": async () => createVectorIndexSearcher,
  "exact scan": async () => (await import("./rivals/exact-scan.mjs")).createExactScan,
  "hnswlib-node": async () => (await import("./rivals/hnswlib.mjs")).createHnswlibSearcher,
  usearch: async () => (await import("./rivals/usearch.mjs")).createUsearchSearcher,
  "sqlite-vec": async () => (await import("./rivals/sqlite-vec.mjs")).createSqliteVecSearcher,
};

let queries;
let rows;
let searcher;
let vectors;

answerParent({
  /** @returns why it cannot be had, or null */
  async open({ name, size, spare, sentences, folder }) {
    vectors = openVectors(sentences);
    queries = vectors.queries;
    try {
      const create = await searchers[name]();
      rows = toBlocks(vectors, size + spare);
      searcher = await create({ rows, dimensions: vectors.dimensions, capacity: size + spare, folder });
      return { problem: null };
    } catch (error) {
      return { problem: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
    }
  },

  async build({ size }) {
    const before = privateBytes();
    const startedMs = performance.now();
    await searcher.addAll(0, size);
    const seconds = (performance.now() - startedMs) / 1000;
    const after = privateBytes();
    return { seconds, bytes: before === null || after === null ? null : after - before };
  },

  async search({ count, rounds }) {
    const asked = queries.slice(0, count);
    const found = [];
    const byRound = [];
    for (let round = -1; round < rounds; round++) {
      const samples = [];
      for (const query of asked) {
        const startedMs = performance.now();
        const numbers = await searcher.search(query, K);
        samples.push(performance.now() - startedMs);
        found.push(numbers);
      }
      if (round >= 0) byRound.push(samples);
    }
    const cosines = found
      .slice(0, count)
      .map((numbers, at) => [...numbers].map((number) => dot(asked[at], rows.at(number))).toSorted((a, b) => b - a));
    return { byRound, found: cosines };
  },

  /** Searches while vectors are added, so many a second. */
  async searchWhileAdding({ size, spare, count, perSecond }) {
    const samples = [];
    const state = { going: true, added: 0 };
    const startedMs = performance.now();
    const adding = (async () => {
      while (state.going && state.added < spare) {
        const due = Math.ceil(((performance.now() - startedMs) / 1000) * perSecond);
        while (state.added < Math.min(spare, due)) searcher.add(size + state.added++);
        await sleep(ADD_EVERY_MS);
      }
      state.going = false;
    })();
    for (let at = 0; state.going && at < count; at++) {
      const beganMs = performance.now();
      await searcher.search(queries[at % queries.length], K);
      samples.push(performance.now() - beganMs);
      await sleep(1);
    }
    state.going = false;
    await adding;
    return { samples };
  },

  close: async () => {
    await searcher?.close();
    return {};
  },
});

/** All vectors in memory, in blocks: one array of a million would be longer than some systems allow. */
function toBlocks({ at, dimensions }, count) {
  const blocks = [];
  for (let from = 0; from < count; from += BLOCK) {
    const block = new Float32Array(Math.min(BLOCK, count - from) * dimensions);
    for (let row = 0; row * dimensions < block.length; row++) block.set(at(from + row), row * dimensions);
    blocks.push(block);
  }
  return {
    blocks,
    block: BLOCK,
    at(number) {
      const start = (number % BLOCK) * dimensions;
      return blocks[Math.floor(number / BLOCK)].subarray(start, start + dimensions);
    },
  };
}
