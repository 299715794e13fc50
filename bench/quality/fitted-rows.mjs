// Which rows the calibration was fitted on: verdicts on them are optimistic. The rule is that of
// training/calibrate/fit.py (`is_fitted`), and its counts in the calibration file prove that both agree.
import { createHash } from "node:crypto";

/**
 * @typedef {object} FitNote what `models/calibration.json` says under `fit`
 * @property {Readonly<Record<string, string>>} [data] sha256 by file
 * @property {{ readonly fitted: number, readonly kept: number } | number} [pairs] a number: fitted on all
 * @property {readonly string[]} [fittedStreams]
 *
 * @typedef {object} Fitted
 * @property {(row: import("./data-folder.mjs").PairRow) => boolean} isFittedRow
 * @property {(stream: string) => boolean} isFittedStream
 * @property {"known" | "all-fitted" | "unknown"} split whether rows of the fit can be told from others
 * @property {string[]} remarks what a reader of the figures must know
 */

/**
 * Pairs that share a prompt, also through others, lie on one side: a third of these groups was fitted, and those that
 * share a prompt with a stream lie where it lies (with a kept one first).
 *
 * @param {readonly import("./data-folder.mjs").PairRow[]} pairs in the order of their file
 * @param {readonly { readonly texts: Iterable<string>, readonly isFitted: boolean }[]} [streams] of the fit
 * @returns {Set<import("./data-folder.mjs").PairRow>}
 */
export function fittedPart(pairs, streams = []) {
  /** @type {Map<string, string>} */
  const parents = new Map();
  const rootOf = (text) => {
    let at = text;
    for (;;) {
      const parent = parents.get(at) ?? at;
      if (parent === at) break;
      at = parent;
    }
    parents.set(text, at);
    return at;
  };
  for (const { a, b } of pairs) {
    const [rootA, rootB] = [rootOf(a.toLowerCase()), rootOf(b.toLowerCase())];
    parents.set(rootA, rootB);
  }
  /** @type {Map<string, boolean>} */
  const sides = new Map();
  for (const { texts, isFitted } of streams.toSorted((one, other) => Number(other.isFitted) - Number(one.isFitted)))
    for (const text of texts) if (parents.has(text.toLowerCase())) sides.set(rootOf(text.toLowerCase()), isFitted);
  return new Set(
    pairs.filter(({ a }) => {
      const side = sides.get(rootOf(a.toLowerCase()));
      if (side !== undefined) return side;
      const digest = createHash("sha256").update(rootOf(a.toLowerCase())).digest();
      // The digest as one number; 256 leaves 1, so the sum of its bytes leaves what it leaves.
      return digest.reduce((sum, byte) => sum + byte, 0) % 3 === 0;
    }),
  );
}

/**
 * @param {FitNote} fit
 * @param {import("./data-folder.mjs").DataFolder} data
 * @param {(row: import("./data-folder.mjs").PairRow) => boolean} isRead pairs that the verifier is too short for were not in the fit
 * @returns {Fitted}
 */
export function findFitted(fit, data, isRead) {
  const isSameFile = (file) => fit.data?.[file] !== undefined && fit.data[file] === data.digests[file];
  const fittedStreams = new Set(
    fit.fittedStreams ?? data.streams.map(({ name }) => name).filter((name) => isSameFile(`traffic/${name}.jsonl.gz`)),
  );
  const isFittedStream = (stream) => fittedStreams.has(stream) && isSameFile(`traffic/${stream}.jsonl.gz`);
  if (!isSameFile("bench.jsonl.gz"))
    return {
      isFittedRow: () => false,
      isFittedStream,
      split: "unknown",
      remarks: ["The calibration was fitted on another bench.jsonl.gz: whether on some of these rows is not known."],
    };
  const considered = data.pairs.filter((row) => !hasContext(row) && isRead(row));
  if (typeof fit.pairs !== "object") {
    const all = new Set(considered);
    return {
      isFittedRow: (row) => all.has(row),
      isFittedStream,
      split: "all-fitted",
      remarks: ["The calibration was fitted on all pairs: its verdicts on them are optimistic."],
    };
  }
  const streamsOfFit = data.streams.filter(({ name }) => isSameFile(`traffic/${name}.jsonl.gz`));
  const part = fittedPart(
    considered,
    streamsOfFit.map(({ name, requests }) => ({
      texts: requests.map(({ text }) => text),
      isFitted: isFittedStream(name),
    })),
  );
  const remarks =
    part.size === fit.pairs.fitted && considered.length - part.size === fit.pairs.kept
      ? []
      : [
          `The calibration says that ${fit.pairs.fitted} pairs were fitted and ${fit.pairs.kept} kept; by the rule here it is ` +
            `${part.size} and ${considered.length - part.size}: some fitted rows may be among those shown.`,
        ];
  return { isFittedRow: (row) => part.has(row), isFittedStream, split: "known", remarks };
}

/** A pair with a conversation before it is decided by the frame. @param {import("./data-folder.mjs").PairRow} row */
export function hasContext({ a_context, b_context }) {
  return Boolean(a_context?.length || b_context?.length);
}
