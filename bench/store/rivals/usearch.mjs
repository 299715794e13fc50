import { Index } from "usearch";

/** As hnswlib has them, so that the two are alike: links, candidates while adding, candidates while searching. */
const M = 16;
const EF_CONSTRUCTION = 128;
const EF = 128;

/** usearch on the thread that asks, one thread, with 16-bit floats. */
export async function createUsearchSearcher({ rows, dimensions }) {
  const index = new Index({
    metric: "ip",
    quantization: "f16",
    dimensions,
    connectivity: M,
    expansion_add: EF_CONSTRUCTION,
    expansion_search: EF,
  });
  const add = (number) => index.add(BigInt(number), rows.at(number), 1);
  return {
    add,
    async addAll(from, to) {
      for (let number = from; number < to; number++) add(number);
    },
    search: (query, k) => Array.from(index.search(query, k, 1).keys, Number),
    close() {},
  };
}
