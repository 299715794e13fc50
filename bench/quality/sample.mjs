const SEED = 20_261_122;

/** A copy in an order that depends on the number of items alone (Fisher-Yates; mulberry32). @template T @param {readonly T[]} items */
export function shuffle(items) {
  const shuffled = [...items];
  let state = SEED;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [shuffled[at], shuffled[other]] = [shuffled[other], shuffled[at]];
  }
  return shuffled;
}

/**
 * Like `Promise.all` over a map, with at most `width` under way: both workers stay busy, and a failure ends it.
 *
 * @template T, U
 * @param {readonly T[]} items
 * @param {number} width
 * @param {(item: T, index: number) => Promise<U>} each
 * @returns {Promise<U[]>}
 */
export async function mapAtOnce(items, width, each) {
  /** @type {U[]} */
  const results = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await each(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work));
  return results;
}
