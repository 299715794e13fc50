import { expect, test } from "vitest";
import { createMemoryCacheStore } from "#semcache/store/memory-cache-store.js";
import { NOW_MS, sampleEntry } from "./admin-server.ts";

test("thousands of entries that come in one turn of the event loop are put in several", async () => {
  const store = createMemoryCacheStore({ clock: { now: () => NOW_MS }, maxEntries: 20_000, maxBytes: null });
  const entries = Array.from({ length: 10_000 }, (_, number) => sampleEntry(`e${number}`));
  let turns = 0;
  const count = (): NodeJS.Immediate =>
    setImmediate(() => {
      turns++;
      counting = count();
    });
  let counting = count();
  const outcomes = await Promise.all(entries.map((entry) => store.put(entry, store.generation())));
  clearImmediate(counting);
  expect(outcomes.every(({ kind }) => kind === "stored")).toBe(true);
  expect(turns).toBeGreaterThan(2);
  expect(store.stats().entries).toBe(10_000);
  await store.close();
});
