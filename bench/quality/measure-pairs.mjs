import { isDeepStrictEqual } from "node:util";
import { hasContext } from "./fitted-rows.mjs";
import { toCosine } from "./product.mjs";
import { mapAtOnce, shuffle } from "./sample.mjs";

/** Pairs under way at once: enough that no worker waits while the guard reads. */
const AT_ONCE = 12;

/**
 * All that is known of a pair: every method of the report decides on this alone.
 *
 * @typedef {object} MeasuredPair
 * @property {string} set
 * @property {0 | 1} label
 * @property {string} a
 * @property {string} b
 * @property {boolean} isSameFrame false: another conversation before it, so another partition, whatever the prompts say
 * @property {boolean} isEqual the same text: the exact key answers
 * @property {number | null} cosine null: too long for the embedder
 * @property {number | null} logit of the verifier, asked for every pair; null: too long
 * @property {boolean} isOpen the guard has neither veto nor bar
 * @property {number | null} probability of the product; null: a limit on prompts or a veto decided before
 * @property {string | null} shipped why the product at its default missed; null: a hit
 */

/**
 * At most `most` of each set and label, the first after a seeded shuffle.
 *
 * @param {readonly import("./data-folder.mjs").PairRow[]} pairs
 * @param {number} most
 */
export function selectPairs(pairs, most) {
  const counts = new Map();
  return shuffle(pairs).filter(({ set, label }) => {
    const key = `${label} ${set}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts.get(key) <= most;
  });
}

/**
 * @param {readonly import("./data-folder.mjs").PairRow[]} rows
 * @param {import("./product.mjs").Product} product
 * @param {() => void} onDone after each pair
 * @returns {Promise<MeasuredPair[]>}
 */
export function measurePairs(rows, product, onDone) {
  return mapAtOnce(rows, AT_ONCE, async (row) => {
    const measured = await measurePair(row, product);
    onDone();
    return measured;
  });
}

async function measurePair(row, { matcher, embed, verify, guard, defaultRate }) {
  const { a, b, set, label } = row;
  const isEqual = a === b;
  const open = await matcher.compare(a, b);
  const shipped = await matcher.compare(a, b, { maxErrorRate: defaultRate });
  const [vectorA, vectorB] = await Promise.all([embed(a), embed(b)]);
  // A limit or equality decided before guard and verifier were asked; a veto before the verifier was.
  const findings = open.similarity === null || isEqual ? guard(a, b) : open.guard;
  const logit = open.verifier ?? (await verify(a, b));
  const isSameFrame = !hasContext(row) || isDeepStrictEqual(row.a_context ?? [], row.b_context ?? []);
  return {
    set,
    label,
    a,
    b,
    isSameFrame,
    isEqual,
    cosine: toCosine(vectorA, vectorB),
    logit,
    isOpen: !findings.some(({ effect }) => effect !== "note"),
    probability: open.confidence,
    shipped: isSameFrame ? shipped.reason : "frame-new",
  };
}
