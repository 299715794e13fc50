/** Exact cosines of equal vectors can differ in their last bits, by the order in which they are summed. */
const TIE = 1e-5;

/**
 * The 8 nearest of the first vectors of each size, by a plain scan of all: one pass for all sizes.
 *
 * @param {{ at: (number: number) => Float32Array, dimensions: number }} vectors
 * @param {readonly Float32Array[]} queries
 * @param {readonly number[]} sizes ascending
 * @param {number} k
 * @returns {Map<number, { ids: number[], cosines: number[] }[]>} by size and query, best first
 */
export function scanNearest({ at, dimensions }, queries, sizes, k) {
  const lists = queries.map(() => ({ ids: [], cosines: [] }));
  const rows = new Float32Array(BLOCK * dimensions);
  const found = new Map();
  let from = 0;
  for (const size of sizes) {
    for (; from < size; from += BLOCK) {
      const count = Math.min(BLOCK, size - from);
      for (let row = 0; row < count; row++) rows.set(at(from + row), row * dimensions);
      for (const [number, query] of queries.entries()) scanBlock(rows, count, query, from, lists[number], k);
    }
    // A block that ends past the size would hide what comes next.
    from = size;
    found.set(size, structuredClone(lists));
  }
  return found;
}

const BLOCK = 256;

/** Offers each row of a block to the list: the exact scan that everything is compared with. Four rows at a time. */
export function scanBlock(rows, count, query, first, list, k) {
  const { length } = query;
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const a = row * length;
    const b = a + length;
    const c = b + length;
    const d = c + length;
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let at = 0; at < length; at++) {
      const value = query[at];
      sumA += rows[a + at] * value;
      sumB += rows[b + at] * value;
      sumC += rows[c + at] * value;
      sumD += rows[d + at] * value;
    }
    offer(list, first + row, sumA, k);
    offer(list, first + row + 1, sumB, k);
    offer(list, first + row + 2, sumC, k);
    offer(list, first + row + 3, sumD, k);
  }
  for (; row < count; row++) {
    let sum = 0;
    for (let at = 0; at < length; at++) sum += rows[row * length + at] * query[at];
    offer(list, first + row, sum, k);
  }
}

function offer({ ids, cosines }, id, cosine, k) {
  if (cosines.length === k && cosine <= cosines[k - 1]) return;
  let place = cosines.length;
  while (place > 0 && cosines[place - 1] < cosine) place--;
  ids.splice(place, 0, id);
  cosines.splice(place, 0, cosine);
  if (ids.length > k) {
    ids.pop();
    cosines.pop();
  }
}

/**
 * Share of the true nearest that were found, as a mean over the queries. One that is as near as a true one counts.
 *
 * @param {readonly { cosines: readonly number[] }[]} truth
 * @param {readonly (readonly number[])[]} found cosines by query, best first, exact
 * @param {number} k
 */
export function recallAt(truth, found, k) {
  const shares = found.map((cosines, query) => {
    const wanted = truth[query].cosines.slice(0, k);
    const least = wanted.at(-1) - TIE;
    return Math.min(wanted.length, cosines.slice(0, k).filter((cosine) => cosine >= least).length) / wanted.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
