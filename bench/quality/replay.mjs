// A stream of requests as a cache that never evicts meets it, in one partition: each request is looked up among all distinct
// ones before it, for every method alike. (A real cache does not store a prompt that it could answer; here all are, so
// that methods which answer more or less find the same candidates.)
import { createHash } from "node:crypto";

/**
 * What a lookup of one request found, as indexes of earlier requests.
 *
 * @typedef {object} Lookup
 * @property {number | null} equal the same text
 * @property {{ readonly index: number, readonly similarity: number } | null} nearest by cosine alone
 * @property {ReadonlyMap<number, number | null>} served by the product, by `max_error_rate`
 *
 * @typedef {"answer" | "intent" | "none"} LabelKind what labels of a stream tell: equal answers, equal intents (coarser
 *   than an answer), or that no two of its requests are known to share one
 *
 * @typedef {object} ReplayCount
 * @property {number} requests
 * @property {number} exact
 * @property {number} semantic hits, without the exact ones
 * @property {number} unknown of these: both requests are out of scope, which says nothing about their answers
 * @property {number} wrongByLabel of these: other labels
 * @property {number} wrongAfterReading of these: not on the list of pairs that were read and ask the same
 * @property {number} otherIntent of these, where labels are intents (then nothing is wrong or right)
 */

/** @param {readonly import("./data-folder.mjs").Request[]} requests @returns {LabelKind} */
export function labelKindOf(requests) {
  if (requests.some(({ answer_id }) => answer_id !== undefined && answer_id !== null)) return "answer";
  return requests.some(({ intent }) => intent !== undefined) ? "intent" : "none";
}

/** Names a pair without its text, whichever came first; as in training/calibrate/streams.py. @param {string} a @param {string} b */
export function toPairKey(a, b) {
  // By code points, as Python sorts.
  const sorted = [a, b].toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  return createHash("sha256").update(sorted.join("\n")).digest("hex").slice(0, 16);
}

/** For each text the index of the first equal one before it. @param {readonly string[]} texts @returns {(number | null)[]} */
export function findEqual(texts) {
  const first = new Map();
  return texts.map((text, index) => {
    if (first.has(text)) return first.get(text);
    first.set(text, index);
    return null;
  });
}

/**
 * The nearest of `among`, nearest first; of equal similarity the earlier.
 *
 * @param {Float32Array} vector of unit length
 * @param {readonly (Float32Array | null)[]} among null: not to be found
 * @param {number} before only indexes under it
 * @param {number} count
 * @returns {{ index: number, similarity: number }[]}
 */
export function findNearest(vector, among, before, count) {
  const found = [];
  for (let index = 0; index < before; index++) {
    const other = among[index];
    if (other === null) continue;
    let similarity = 0;
    for (let at = 0; at < vector.length; at++) similarity += vector[at] * other[at];
    if (found.length === count && similarity <= found[count - 1].similarity) continue;
    let place = found.length;
    while (place > 0 && found[place - 1].similarity < similarity) place -= 1;
    found.splice(place, 0, { index, similarity });
    if (found.length > count) found.pop();
  }
  return found;
}

/**
 * @param {readonly import("./data-folder.mjs").Request[]} requests
 * @param {readonly Lookup[]} lookups of the same length
 * @param {(lookup: Lookup) => number | null} choose whose answer a method serves where no text was equal
 * @param {ReadonlySet<string>} sameByReading keys of pairs
 * @returns {ReplayCount}
 */
export function countReplay(requests, lookups, choose, sameByReading) {
  const kind = labelKindOf(requests);
  const count = { requests: requests.length, exact: 0, semantic: 0, unknown: 0, wrongByLabel: 0, wrongAfterReading: 0 };
  let otherIntent = 0;
  for (const [at, lookup] of lookups.entries()) {
    if (lookup.equal !== null) {
      count.exact += 1;
      continue;
    }
    const chosen = choose(lookup);
    if (chosen === null) continue;
    count.semantic += 1;
    const verdict = compareLabels(requests[chosen], requests[at], kind);
    if (verdict === "unknown") count.unknown += 1;
    if (verdict === "other-intent") otherIntent += 1;
    if (verdict !== "other") continue;
    count.wrongByLabel += 1;
    if (!sameByReading.has(toPairKey(requests[chosen].text, requests[at].text))) count.wrongAfterReading += 1;
  }
  return { ...count, otherIntent };
}

/** @returns {"same" | "other" | "unknown" | "other-intent"} */
export function compareLabels(stored, asked, kind) {
  if (kind === "none") return "other";
  if (kind === "intent") return stored.intent === asked.intent ? "same" : "other-intent";
  if (stored.oos && asked.oos) return "unknown";
  return !stored.oos && !asked.oos && (stored.answer_id ?? null) !== null && stored.answer_id === asked.answer_id
    ? "same"
    : "other";
}

/** @param {readonly ReplayCount[]} counts @returns {ReplayCount} */
export function addUp(counts) {
  const sum = { requests: 0, exact: 0, semantic: 0, unknown: 0, wrongByLabel: 0, wrongAfterReading: 0, otherIntent: 0 };
  for (const count of counts) for (const name of Object.keys(sum)) sum[name] += count[name];
  return sum;
}
