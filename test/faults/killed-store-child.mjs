// A process that will be killed. Told `{ folder, seed, version }` on a line of standard input, it opens the store, lists
// what it finds, and then puts, replaces, touches and deletes without end, telling of each step as it happens. Lines are
// written at once, so that what has been told has happened.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import {
  createRandom,
  deriveEntry,
  differenceOf,
  KEYS,
  keyOf,
  partitionOf,
  START_MS,
  TAGS,
  vectorOf,
} from "./derived-entry.mjs";

const LOOPS = 6;

const tell = (...words) => writeSync(1, `${words.join(" ")}\n`);
process.on("unhandledRejection", (error) => {
  tell("fault", "unhandled", String(error?.stack ?? error).replaceAll("\n", " "));
  process.exit(1);
});

createInterface({ input: process.stdin }).once("line", (line) => void run(JSON.parse(line)));

async function run({ folder, seed, version: firstVersion }) {
  const random = createRandom(seed);
  const pick = (count) => Math.floor(random() * count);
  let version = firstVersion;
  let flushes = 0;
  let invalidations = 0;
  const store = await openEmbeddedCacheStore({
    folder,
    clock: { now: () => START_MS + version * 1000 },
    maxEntries: 90,
    maxBytes: 1_500_000,
    onFault: (message) => tell("fault", message),
  });
  let after;
  do {
    const page = await store.list({ limit: 40, ...(after !== undefined && { after }) });
    for (const entry of page.entries) {
      const difference = differenceOf(entry);
      tell(difference === null ? "have" : "wrong", entry.id, difference ?? "");
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  const { entries, bytes } = store.stats();
  tell("listed", entries, bytes);

  const ids = new Set();
  store.onRemoved(({ id, cause }) => {
    ids.delete(id);
    tell("removed", id, cause);
  });
  const check = (found, wanted) => {
    if (found === null) return;
    const difference = found.exactKey === wanted ? differenceOf(found) : "its key";
    if (difference !== null) tell("wrong", found.id, difference);
  };
  const step = async () => {
    const dice = random();
    if (dice < 0.6) {
      const id = `${pick(KEYS)}.${++version}`;
      const generation = store.generation();
      tell("putting", id);
      const { kind } = await store.put(deriveEntry(id), generation);
      tell(kind, id);
      if (kind === "stored") ids.add(id);
    } else if (dice < 0.7) {
      store.touch([...ids][pick(ids.size)] ?? "none", START_MS + version * 1000);
    } else if (dice < 0.8) {
      const id = [...ids][pick(ids.size)] ?? "none.0";
      await store.delete({ kind: "id", id });
      tell("deleted", id);
    } else if (dice < 0.83) {
      const [tag, namespace] = [TAGS[pick(TAGS.length)], `namespace-${pick(2)}`];
      const words = `${tag} ${namespace} ${++invalidations}`;
      tell("invalidating", words);
      await store.delete({ kind: "where", tags: [tag], namespace });
      tell("invalidated", words);
    } else if (dice < 0.88) {
      const mark = ++flushes;
      tell("syncing", mark);
      await store.flush();
      tell("synced", mark);
    } else {
      const id = [...ids][pick(ids.size)] ?? "0.0";
      check(await store.findExact(keyOf(id)), keyOf(id));
      for (const { id: near } of await store.findNearest(partitionOf(id), vectorOf(id), 4)) {
        const found = await store.get(near);
        if (found !== null) check(found, keyOf(near));
      }
    }
  };
  for (let loop = 0; loop < LOOPS; loop++) {
    void (async () => {
      for (;;) await Promise.all([step(), nextTurn()]);
    })();
  }
}
