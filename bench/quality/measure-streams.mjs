import { findEqual, findNearest } from "./replay.mjs";
import { mapAtOnce, shuffle } from "./sample.mjs";

/** Requests under way at once: one searches while the models work for the others. */
const AT_ONCE = 12;

/** @param {readonly import("./data-folder.mjs").Request[]} requests @param {number} most the first after a seeded shuffle */
export function selectRequests(requests, most) {
  return shuffle(requests).slice(0, most);
}

/**
 * @param {readonly import("./data-folder.mjs").Request[]} requests in the order in which they come
 * @param {import("./product.mjs").Product} product
 * @param {readonly number[]} rates each a `max_error_rate`
 * @param {() => void} onDone after each request
 * @returns {Promise<import("./replay.mjs").Lookup[]>}
 */
export async function measureStream(requests, { matcher, embed, candidates }, rates, onDone) {
  const equals = findEqual(requests.map(({ text }) => text));
  const prepared = await mapAtOnce(requests, AT_ONCE, async ({ text }, index) => {
    // What is stored already is found by its text alone.
    if (equals[index] !== null) return { vector: null, comparable: null };
    const own = await matcher.prepare(text);
    return { vector: await embed(text), comparable: own.kind === "comparable" ? own.vector.values : null };
  });
  const comparable = prepared.map((each) => each.comparable);
  // What the product does not compare by meaning, a cosine finds all the same.
  const others = prepared.map((each) => (each.comparable === null ? each.vector : null));
  // The loosest first: what the models say of the candidates is then known to the stricter ones.
  const loosestFirst = rates.toSorted((a, b) => b - a);
  return mapAtOnce(requests, AT_ONCE, async ({ text }, at) => {
    const served = new Map(rates.map((rate) => [rate, null]));
    const { vector, comparable: own } = prepared[at];
    const found = vector === null ? [] : findNearest(vector, comparable, at, candidates);
    const [other] = vector === null ? [] : findNearest(vector, others, at, 1);
    const nearest = [found[0], other].filter(Boolean).toSorted((a, b) => b.similarity - a.similarity)[0] ?? null;
    const asked = (own === null ? [] : found).map(({ index, similarity }) => ({
      id: String(index),
      promptText: requests[index].text,
      similarity,
    }));
    for (const maxErrorRate of loosestFirst) {
      const verdict = await matcher.judge(text, asked, { maxErrorRate });
      if (verdict.kind === "hit") served.set(maxErrorRate, Number(verdict.candidate.id));
    }
    onDone();
    return { equal: equals[at], nearest, served };
  });
}
