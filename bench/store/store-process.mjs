// A process that has the embedded store open, and is asked to fill it and to measure it. What it tells are samples.
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "#semcache/base/clock.js";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { answerParent } from "./child.mjs";
import { digest, PARTITION, toEntry, toExactKey } from "./entries.mjs";
import { countDiskReads, privateBytes, untilQuiet, watchEventLoop } from "./process-watch.mjs";
import { createRandom } from "./random.mjs";
import { openVectors } from "./vectors.mjs";

const K = 8;
/** Rounds before those that count: until then code is being compiled. */
const WARM_UP_ROUNDS = 3;
/** Between two lookups while entries are inserted. */
const LOOKUP_EVERY_MS = 5;
/** Puts that are begun each millisecond at most: those that are behind do not come all at once. */
const MOST_AT_ONCE = 16;
/** One of so many inserted entries is looked for as soon as its `put` has resolved. */
const CHECK_EVERY = 50;

let vectors;
let store;
let perPartition = null;
let faults = [];

answerParent({
  async open({ folder, sentences, perPartition: count = null }) {
    vectors ??= openVectors(sentences);
    perPartition = count;
    faults = [];
    const before = privateBytes();
    const startedMs = performance.now();
    store = await openEmbeddedCacheStore({
      folder,
      clock: systemClock,
      maxEntries: null,
      maxBytes: null,
      onFault: (message) => faults.push(message),
    });
    return { ms: performance.now() - startedMs, privateBytes: before, entries: store.stats().entries };
  },

  /** The first search loads the index. */
  async first({ number = 0, tries = 1 }) {
    const startedMs = performance.now();
    for (let at = 0; at < tries; at++) await nearest(vectors.queries[at], toPartition(number));
    return { ms: performance.now() - startedMs };
  },

  quiet: async () => ({ seconds: await untilQuiet() }),
  memory: () => ({ privateBytes: privateBytes(), storeBytes: store.stats().bytes, faults }),

  /** Inserts as fast as it goes. */
  async fill({ from, to, inFlight, tags }) {
    const startedMs = performance.now();
    await putAll(from, to, inFlight, (number) => toEntry(vectors, number, { partition: toPartition(number), tags }));
    return { seconds: (performance.now() - startedMs) / 1000 };
  },

  /** Inserts, so many a second, while lookups go on; with `mostInFlight` under way the next ones wait. */
  async insert({ from, to, perSecond, mostInFlight }) {
    const nearestMs = [];
    const exactUs = [];
    const state = { going: true };
    const random = createRandom(from);
    const lookUp = async () => {
      for (let at = 0; state.going; at++) {
        const query = vectors.queries[at % vectors.queries.length];
        nearestMs.push(await timed(() => nearest(query, PARTITION)));
        const key = toExactKey(Math.floor(random() * from));
        exactUs.push(1000 * (await timed(() => store.findExact(key))));
        await sleep(LOOKUP_EVERY_MS);
      }
    };
    let checked = 0;
    let missed = 0;
    const looking = lookUp();
    const watch = watchEventLoop();
    const diskReads = -countDiskReads();
    const startedMs = performance.now();
    await putPaced({ from, to, perSecond, mostInFlight }, async (entry, at) => {
      if (at % CHECK_EVERY !== 0) return;
      checked++;
      const found = await nearest(entry.vector.values, PARTITION);
      const same = found.filter(({ similarity }) => similarity > 0.9999);
      if (!same.some(({ id }) => id === entry.id) && same.length < K) missed++;
    });
    const seconds = (performance.now() - startedMs) / 1000;
    const { longestMs, longestOwnMs } = watch.end();
    state.going = false;
    await looking;
    return {
      perSecond: (to - from) / seconds,
      nearestMs,
      exactUs,
      longestMs,
      longestOwnMs,
      checked,
      missed,
      diskReads: diskReads + countDiskReads(),
    };
  },

  /** One after the other. @returns samples by round, the cosines that were found, and how often the disk was read for it */
  async nearest({ queries, rounds }) {
    // There may be fewer.
    const asked = vectors.queries.slice(0, queries);
    const found = [];
    const byRound = [];
    let diskReads = 0;
    for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
      if (round === 0) diskReads = -countDiskReads();
      const samples = [];
      for (const query of asked) {
        samples.push(await timed(async () => found.push(await nearest(query, PARTITION))));
      }
      if (round >= 0) byRound.push(samples);
    }
    diskReads += countDiskReads();
    return {
      byRound,
      diskReads,
      found: found.slice(0, asked.length).map((list) => list.map(({ similarity }) => similarity)),
    };
  },

  async exact({ size, lookups, rounds }) {
    const random = createRandom(size);
    const byRound = [];
    for (let round = -1; round < rounds; round++) {
      const keys = Array.from({ length: lookups }, () => toExactKey(Math.floor(random() * size)));
      const samples = [];
      for (const key of keys) {
        const startedMs = performance.now();
        const entry = await store.findExact(key);
        samples.push(1000 * (performance.now() - startedMs));
        if (entry === null || entry.answer.body.length < 500) throw new Error(`Cannot find the entry of ${key}`);
      }
      if (round >= 0) byRound.push(samples);
    }
    return { byRound };
  },

  /** In partitions that nobody has asked yet, and again. */
  async partitions({ numbers }) {
    const coldMs = [];
    const warmMs = [];
    for (const [at, number] of numbers.entries()) {
      const query = vectors.queries[at % vectors.queries.length];
      coldMs.push(await timed(() => nearest(query, toPartition(number))));
      warmMs.push(await timed(() => nearest(query, toPartition(number))));
    }
    return { coldMs, warmMs };
  },

  deleteTagged: ({ tag }) => store.delete({ kind: "where", tags: [tag] }),

  async close() {
    const startedMs = performance.now();
    await store.close();
    return { ms: performance.now() - startedMs };
  },
});

function toPartition(number) {
  return perPartition === null ? PARTITION : digest(`partition ${Math.floor(number / perPartition)}`);
}

function nearest(values, partition) {
  return store.findNearest(partition, { embedderId: vectors.embedderId, values }, K);
}

async function timed(work) {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function put(entry) {
  const outcome = await store.put(entry, store.generation());
  if (outcome.kind !== "stored") throw new Error(`Cannot store the entry ${entry.id}: ${outcome.because}`);
}

/**
 * As answers end in a proxy: each in a moment of its own, whatever the store does, and made of what has just come (16 µs
 * here). Thousands of them made before would be memory that the process goes through at each collection, and no proxy has.
 */
async function putPaced({ from, to, perSecond, mostInFlight }, afterPut) {
  const startedMs = performance.now();
  const under = new Set();
  const putOne = async (number) => {
    const entry = toEntry(vectors, number);
    await put(entry);
    await afterPut(entry, number - from);
  };
  let next = from;
  while (next < to) {
    const due = Math.min(to, from + Math.ceil(((performance.now() - startedMs) / 1000) * perSecond));
    for (let begun = 0; begun < MOST_AT_ONCE && next < due && under.size < mostInFlight; begun++) {
      const done = putOne(next++).finally(() => under.delete(done));
      under.add(done);
    }
    await sleep(1);
  }
  await Promise.all(under);
}

async function putAll(from, to, inFlight, toEntryOf) {
  let next = from;
  const putOn = async () => {
    for (let number = next++; number < to; number = next++) {
      await put(toEntryOf(number));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, putOn));
}
