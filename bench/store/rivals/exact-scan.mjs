import { scanBlock } from "../nearest.mjs";

/** The plain scan of all vectors on the thread that asks. */
export async function createExactScan({ rows, dimensions }) {
  let size = 0;
  return {
    add() {
      size++;
    },
    async addAll(from, to) {
      size = to;
    },
    search(query, k) {
      const list = { ids: [], cosines: [] };
      for (const [number, block] of rows.blocks.entries()) {
        const first = number * rows.block;
        if (first < size) scanBlock(block, Math.min(block.length / dimensions, size - first), query, first, list, k);
      }
      return list.ids;
    },
    close() {},
  };
}
