// A process that opens a store that was closed, and kills itself: `node closed-table-child.mjs <folder> [id to put]`.
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { deriveEntry, START_MS } from "./derived-entry.mjs";

const [folder, id] = process.argv.slice(2);
const store = await openEmbeddedCacheStore({
  folder,
  clock: { now: () => START_MS },
  maxEntries: null,
  maxBytes: null,
  onFault: (message) => {
    throw new Error(message);
  },
});
if (id !== undefined) await store.put(deriveEntry(id), store.generation());
process.kill(process.pid, "SIGKILL");
