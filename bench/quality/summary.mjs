import { COSINES, scores, toCurves, toMethods } from "./methods.mjs";
import { addUp, countReplay, labelKindOf } from "./replay.mjs";
import { pointAt, toMean, toRate, toReliability } from "./statistics.mjs";

/** A set with fewer rows of a label is told, and left out of that label's mean: its share is mostly chance. */
const LEAST_ROWS = 20;
const EDGES = [0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.01];
/** Besides the default. */
export const LOOSE_RATE = 0.05;
/** For the charts: more points cannot be seen. */
const CURVE_POINTS = 240;

/**
 * Everything that is said of the pairs, by method and set.
 *
 * @param {readonly import("./measure-pairs.mjs").MeasuredPair[]} pairs
 * @param {import("./product.mjs").Product} product
 */
export function summarizePairs(pairs, product) {
  const sets = groupBySet(pairs);
  // A short run has no set that large: then every set counts, and the figures mean little.
  const largest = Math.max(0, ...[...sets.values()].flatMap(({ hit, miss }) => [hit.length, miss.length]));
  const least = Math.min(LEAST_ROWS, Math.max(1, largest));
  const curves = toCurves(pairs, least);
  const methods = toMethods(product, curves);
  const perSet = [...sets].map(([set, { hit, miss }]) => ({
    set,
    mustHit: hit.length,
    mustMiss: miss.length,
    methods: Object.fromEntries(methods.map((method) => [method.id, measureMethod(method, hit, miss)])),
  }));
  const bar = product.barOf(product.defaultRate);
  return {
    pairs: pairs.length,
    leastRowsInMean: least,
    defaultMethod: `product ${product.defaultRate}`,
    looseMethod: `product ${LOOSE_RATE}`,
    perSet,
    methods: methods.map(({ id, name, isHindsight }) => {
      const recall = toMean(
        perSet.map((row) => row.methods[id].recall),
        least,
      );
      const falseHits = toMean(
        perSet.map((row) => row.methods[id].falseHits),
        least,
      );
      return { id, name, isHindsight, recall, falseHits, precision: toPrecision(recall.value, falseHits.value) };
    }),
    curves: Object.fromEntries(Object.entries(curves).map(([id, curve]) => [id, thin(curve)])),
    recallAt: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1].map((falseHits) => ({
      falseHits,
      ...Object.fromEntries(Object.entries(curves).map(([id, curve]) => [id, pointAt(curve, falseHits)?.recall ?? 0])),
    })),
    reliability: toReliability(
      pairs
        .filter(({ isEqual, isSameFrame, probability }) => isSameFrame && !isEqual && probability !== null)
        .map(({ probability, label }) => ({ predicted: probability, isRight: label === 1 })),
      EDGES,
    ),
    missedBecause: countReasons(pairs.filter(({ label }) => label === 1)),
    // The product does not verify what could not pass with the best of logits: a few verdicts may differ from the probability's.
    decidedOtherwise: pairs.filter((pair) => (pair.shipped === null) !== scores.product(pair) >= bar).length,
  };
}

/**
 * @param {readonly { readonly name: string, readonly requests: readonly import("./data-folder.mjs").Request[],
 *   readonly lookups: readonly import("./replay.mjs").Lookup[], readonly isFitted: boolean }[]} streams
 * @param {{ readonly defaultRate: number, readonly sameByReading: ReadonlySet<string> }} options
 */
export function summarizeStreams(streams, { defaultRate, sameByReading }) {
  const methods = [
    ...[...new Set([defaultRate, LOOSE_RATE])].map((rate) => ({
      id: `product ${rate}`,
      name: `Semcache, max_error_rate ${rate}`,
      choose: ({ served }) => served.get(rate) ?? null,
    })),
    ...COSINES.map((threshold) => ({
      id: `cosine ${threshold.toFixed(2)}`,
      name: `cosine ${threshold.toFixed(2)}`,
      choose: ({ nearest }) => (nearest !== null && nearest.similarity >= threshold ? nearest.index : null),
    })),
  ];
  const counted = streams.map(({ name, requests, lookups, isFitted }) => ({
    stream: name,
    labels: labelKindOf(requests),
    isFitted,
    counts: Object.fromEntries(
      methods.map(({ id, choose }) => [id, countReplay(requests, lookups, choose, sameByReading)]),
    ),
  }));
  const judged = counted.filter(({ labels }) => labels !== "intent");
  const rows = [
    ...counted,
    ...(judged.length === 0 ? [] : [total("all but intents", judged, methods)]),
    // With none fitted, or all, it would only repeat or be empty.
    ...(judged.some(({ isFitted }) => isFitted) && judged.some(({ isFitted }) => !isFitted)
      ? [
          total(
            "of them not in the fit",
            judged.filter(({ isFitted }) => !isFitted),
            methods,
          ),
        ]
      : []),
  ];
  return {
    methods: methods.map(({ id, name }) => ({ id, name })),
    rows: rows.map((row) => ({ ...row, methods: mapValues(row.counts, toStreamRates) })),
  };
}

function total(stream, counted, methods) {
  const counts = Object.fromEntries(methods.map(({ id }) => [id, addUp(counted.map((each) => each.counts[id]))]));
  return { stream, labels: "total", isFitted: false, counts };
}

/** Shares of a stream; hits of unknown label are neither right nor wrong. */
function toStreamRates({ requests, exact, semantic, unknown, wrongByLabel, wrongAfterReading, otherIntent }) {
  const known = semantic - unknown;
  return {
    exact: toRate(exact, requests),
    semantic: toRate(semantic, requests),
    wrongByLabel: toRate(wrongByLabel, known),
    wrongAfterReading: toRate(wrongAfterReading, known),
    otherIntent: toRate(otherIntent, semantic),
  };
}

function measureMethod({ isHit }, hit, miss) {
  const right = hit.filter(isHit).length;
  const wrong = miss.filter(isHit).length;
  return {
    recall: toRate(right, hit.length),
    falseHits: toRate(wrong, miss.length),
    /** As many near-misses as paraphrases, whatever the set has of each. */
    precision: hit.length === 0 || miss.length === 0 ? null : toPrecision(right / hit.length, wrong / miss.length),
  };
}

function toPrecision(recall, falseHits) {
  return recall === null || falseHits === null || recall + falseHits === 0 ? null : recall / (recall + falseHits);
}

function groupBySet(pairs) {
  const sets = new Map();
  for (const { set } of pairs) sets.set(set, { hit: [], miss: [] });
  for (const pair of pairs) sets.get(pair.set)[pair.label === 1 ? "hit" : "miss"].push(pair);
  return new Map([...sets].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function countReasons(pairs) {
  const counts = new Map();
  for (const { shipped } of pairs) if (shipped !== null) counts.set(shipped, (counts.get(shipped) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
}

/** Keeps both ends, and of the rest those that change the picture. */
function thin(points) {
  const step = 1 / CURVE_POINTS;
  let last = null;
  return points
    .filter((point, index) => {
      const isFar =
        last === null ||
        index === points.length - 1 ||
        point.recall - last.recall >= step ||
        Math.sqrt(point.falseHits) - Math.sqrt(last.falseHits) >= step;
      if (isFar) last = point;
      return isFar;
    })
    .map(({ threshold, recall, falseHits }) => ({
      threshold: Number.isFinite(threshold) ? threshold : null,
      recall,
      falseHits,
    }));
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
