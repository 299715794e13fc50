import { afterEach, describe, expect, test } from "vitest";
import type { StateStore } from "#semcache/store/state-store.js";

export interface StateStoreUnderTest {
  /** Opens it; a second time over what the first one kept, where `survives`. */
  readonly open: () => Promise<StateStore>;
  readonly survives: boolean;
}

/** What every `StateStore` must do. */
export function describeStateStore(name: string, make: () => Promise<StateStoreUnderTest>): void {
  describe(`${name} state store`, () => {
    const opened: StateStore[] = [];
    const open = async (under: StateStoreUnderTest) => {
      const store = await under.open();
      opened.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });

    test("gives what was put, null for what was not or was deleted", async () => {
      const store = await open(await make());
      store.put("a", { n: 1 });
      store.put("a", { n: 2 });
      store.put("b", [null, "é\n\u2028"]);
      store.delete("b");
      store.delete("never");
      expect([store.get("a"), store.get("b"), store.get("c")]).toEqual([{ n: 2 }, null, null]);
    });

    test("lists by prefix, in the order of first putting", async () => {
      const store = await open(await make());
      for (const key of ["pair/2", "scope/1", "pair/1", "pair/2"]) store.put(key, key);
      expect([...store.entries("pair/")]).toEqual([
        ["pair/2", "pair/2"],
        ["pair/1", "pair/1"],
      ]);
      expect([...store.entries("none")]).toEqual([]);
    });

    test("what is purged is as it was, without what was deleted", async () => {
      const under = await make();
      const store = await open(under);
      for (const key of ["a", "b"]) store.put(key, `the text of ${key}`);
      store.delete("a");
      await store.purge();
      store.put("c", 1);
      expect([...store.entries("")].map(([key]) => key)).toEqual(["b", "c"]);
      await store.close();
      const again = await open(under);
      expect([...again.entries("")].map(([key]) => key)).toEqual(under.survives ? ["b", "c"] : []);
    });

    test("a second opening finds all of it, or nothing", async () => {
      const under = await make();
      const first = await open(under);
      for (let index = 0; index < 3_000; index++) first.put(`key/${index % 1_500}`, index);
      first.delete("key/7");
      await first.flushed();
      await first.close();
      const second = await open(under);
      const found = [...second.entries("")];
      expect(found).toHaveLength(under.survives ? 1_499 : 0);
      if (under.survives)
        expect([second.get("key/0"), second.get("key/7"), second.get("key/8")]).toEqual([1_500, null, 1_508]);
    });
  });
}
