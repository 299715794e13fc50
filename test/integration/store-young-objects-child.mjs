// Puts entries into a store, `node store-young-objects-child.mjs FOLDER`, and says as JSON how often young and old objects
// were collected meanwhile.
import { PerformanceObserver, constants } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { deriveEntry, START_MS } from "../faults/derived-entry.mjs";

const WARM_UP = 3_000;
const PUTS = 10_000;
const AT_ONCE = 8;

const store = await openEmbeddedCacheStore({
  folder: process.argv[2],
  clock: { now: () => START_MS },
  maxEntries: null,
  maxBytes: null,
  onFault: (message) => process.stderr.write(`${message}\n`),
});
const collections = { young: 0, old: 0 };
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) collections.young++;
    else if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections.old++;
  }
}).observe({ entryTypes: ["gc"] });

await putAll(0, WARM_UP);
globalThis.gc();
await sleep(50);
Object.assign(collections, { young: 0, old: 0 });
await putAll(WARM_UP, WARM_UP + PUTS);
await sleep(50);
process.stdout.write(JSON.stringify(collections));
await store.close();

async function putAll(from, to) {
  let next = from;
  const putOn = async () => {
    for (let number = next++; number < to; number = next++) {
      await store.put(deriveEntry(`${number}.1`), store.generation());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, putOn));
}
