import { openVectorIndex } from "#semcache/vector-index/adaptive-vector-index.js";
import { createIndexHost } from "#semcache/vector-index/index-host.js";
import { LiveIds } from "#semcache/vector-index/live-ids.js";

const ADDED_AT_ONCE = 64;

/** Our index as a partition has one, without the store. */
export async function createVectorIndexSearcher({ rows, dimensions }) {
  const host = createIndexHost({
    onFault: (error) => {
      throw error;
    },
  });
  const index = openVectorIndex({
    dimensions,
    host,
    ids: new LiveIds(),
    vectorOf: (number) => rows.at(number),
    snapshotPath: null,
  });
  return {
    add: (number) => index.add(number, rows.at(number)),
    async addAll(from, to) {
      for (let number = from; number < to; number++) {
        index.add(number, rows.at(number));
        if (number % ADDED_AT_ONCE === 0) {
          await index.room();
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      // Until all are in their cells.
      await index.ready;
      await index.room(1);
    },
    search: async (query, k) => (await index.search(query, k)).map(({ id }) => id),
    async close() {
      await index.close();
      await host.close();
    },
  };
}
