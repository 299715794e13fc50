// A process that kills itself. `fill <folder> <count>`: puts entries, every second one with a tag, and dies when the
// invalidation of that tag is acknowledged. `load <folder>`: dies with some of the entries loaded, and not all.
import { writeSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { deriveEntry, START_MS } from "./derived-entry.mjs";

const [task, folder, count] = process.argv.slice(2);
const store = await openEmbeddedCacheStore({
  folder,
  clock: { now: () => START_MS },
  maxEntries: null,
  maxBytes: null,
  onFault: (message) => {
    throw new Error(message);
  },
  loadsLater: task === "load",
});

if (task === "fill") {
  const toEntry = (number) => ({ ...deriveEntry(`${number}.0`), tags: number % 2 === 0 ? ["even"] : ["odd"] });
  await Promise.all(
    Array.from({ length: Number(count) }, (_, number) => store.put(toEntry(number), store.generation())),
  );
  await store.delete({ kind: "where", tags: ["even"] });
} else {
  void store.load();
  while (!/: [1-9][\d,]* of about/u.test(store.health().detail)) await nextTurn();
  writeSync(1, `${store.health().state}, ${store.stats().entries}`);
}
process.kill(process.pid, "SIGKILL");
