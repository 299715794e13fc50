import hnswlib from "hnswlib-node";

/** Links, candidates while adding, candidates while searching. */
const M = 16;
const EF_CONSTRUCTION = 128;
const EF = 128;

/** hnswlib on the thread that asks, with 32-bit floats. */
export async function createHnswlibSearcher({ rows, dimensions, capacity }) {
  const index = new hnswlib.HierarchicalNSW("ip", dimensions);
  index.initIndex(capacity, M, EF_CONSTRUCTION, 100);
  index.setEf(EF);
  const add = (number) => index.addPoint(Array.from(rows.at(number)), number);
  return {
    add,
    async addAll(from, to) {
      for (let number = from; number < to; number++) add(number);
    },
    search: (query, k) => index.searchKnn(Array.from(query), k).neighbors,
    close() {},
  };
}
