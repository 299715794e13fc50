import { openVectorIndex } from "#semcache/vector-index/adaptive-vector-index.js";
import { createGraphHost } from "#semcache/vector-index/graph-host.js";

const ADDED_AT_ONCE = 64;

/** Our index as a partition has one, without the store. */
export async function createVectorIndexSearcher({ rows, dimensions }) {
  const graphs = createGraphHost({
    onFault: (error) => {
      throw error;
    },
  });
  const index = openVectorIndex({
    dimensions,
    graphs,
    ids: new Float64Array(0),
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
      // Until the graph has absorbed them all.
      await index.ready;
      await index.room(1);
    },
    search: async (query, k) => (await index.search(query, k)).map(({ id }) => id),
    async close() {
      await index.close();
      await graphs.close();
    },
  };
}
