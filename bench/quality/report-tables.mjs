// What the report says, as tables; their form is table.mjs's.

/** @typedef {import("./table.mjs").Table} Table */

/** One decimal, two under 1%. @param {number | null} share */
export function toPercent(share) {
  if (share === null) return "-";
  // Sums of shares: a rounding error under 1% is 1%.
  const percent = Number((100 * share).toFixed(6));
  return `${percent.toFixed(percent > 0 && percent < 1 ? 2 : 1)}%`;
}

/** @param {import("./statistics.mjs").Rate} rate */
function withInterval({ value, low, high }) {
  return value === null ? "-" : `${toPercent(value)} (${bare(low)}–${bare(high)})`;
}

const bare = (share) => toPercent(share).slice(0, -1);
const INTERVALS = "In parentheses: Wilson 95% intervals.";

/** @returns {Table} */
export function comparisonTable({ methods, leastRowsInMean }) {
  return {
    title: "Methods compared",
    note:
      `Means over sets with at least ${leastRowsInMean} rows of the label. ${INTERVALS} Precision: of as many must-hit as must-miss pairs. ` +
      'Rows that were "chosen on these rows" know the labels of what they are measured on, and are upper ends, not promises.',
    head: ["method", "recall on must-hit", "false hits on must-miss", "precision"],
    rows: methods.map(({ name, recall, falseHits, precision }) => [
      name,
      withInterval(recall),
      withInterval(falseHits),
      toPercent(precision),
    ]),
  };
}

/** @returns {Table} */
export function recallTable({ recallAt }) {
  return {
    title: "Recall at a rate of false hits",
    note: "Means over sets; every threshold is chosen on these rows, for all three alike. Semcache: its probability; verifier: its logit without guard, cosine and limits.",
    head: ["false hits", "Semcache", "verifier only", "cosine"],
    rows: recallAt.map(({ falseHits, product, verifier, cosine }) => [
      toPercent(falseHits),
      toPercent(product),
      toPercent(verifier),
      toPercent(cosine),
    ]),
  };
}

/** @returns {Table} */
export function setTable({ perSet, methods, defaultMethod, looseMethod, leastRowsInMean }) {
  const product = methods.find(({ id }) => id === defaultMethod);
  const others = methods.filter(
    ({ id }) => id === looseMethod || id === "guard" || id === "verifier at 1%" || /^cosine \d/.test(id),
  );
  const shortName = (id) =>
    ({ [looseMethod]: id.replace("product", "Semcache at"), guard: "guard only", "verifier at 1%": "verifier only" })[
      id
    ] ?? id;
  const both = ({ recall, falseHits }) => `${toPercent(recall.value)} / ${toPercent(falseHits.value)}`;
  const inDefault = ({ recall, falseHits, precision }) => [
    withInterval(recall),
    withInterval(falseHits),
    toPercent(precision),
  ];
  const rows = perSet.map(({ set, mustHit, mustMiss, methods: bySet }) => [
    set,
    String(mustHit),
    String(mustMiss),
    ...inDefault(bySet[defaultMethod]),
    ...others.map(({ id }) => both(bySet[id])),
  ]);
  return {
    title: "By set",
    note:
      `The first three figures are those of Semcache at its default; of the others: recall / false hits. ${INTERVALS} ` +
      `Means: over sets with at least ${leastRowsInMean} rows of the label. Precision: of as many must-hit as must-miss pairs. ` +
      "verifier only: its threshold was chosen on these rows.",
    head: [
      "set",
      "must-hit",
      "must-miss",
      "recall",
      "false hits",
      "precision",
      ...others.map(({ id }) => shortName(id)),
    ],
    rows: [
      ...rows,
      [
        "mean over sets",
        String(perSet.reduce((sum, { mustHit }) => sum + mustHit, 0)),
        String(perSet.reduce((sum, { mustMiss }) => sum + mustMiss, 0)),
        ...inDefault(product),
        ...others.map(both),
      ],
    ],
    summaryRows: 1,
  };
}

/** @returns {Table} */
export function reliabilityTable({ reliability }) {
  return {
    title: "Reliability of the probability",
    note: `Pairs that a limit or a veto decided have none. ${INTERVALS} The share of right pairs is that of these sets, which have more near-misses than traffic.`,
    head: ["predicted", "pairs", "mean prediction", "right"],
    rows: reliability.map(({ from, to, predicted, right }) => [
      `${from} to ${to}`,
      String(right.size),
      toPercent(predicted),
      withInterval(right),
    ]),
  };
}

/** @returns {Table} */
export function reasonTable({ missedBecause }) {
  return {
    title: "Why must-hit pairs were missed",
    note: "At the default. The reasons are those of x-semcache-reason; frame-new: another conversation before the prompt.",
    head: ["reason", "pairs"],
    rows: Object.entries(missedBecause).map(([reason, count]) => [reason, String(count)]),
  };
}

/**
 * A table for each method: a stream's hits, and how many of them are wrong.
 *
 * @returns {Table[]}
 */
export function trafficTables({ methods, rows }) {
  return methods.map(({ id, name }, index) => ({
    title: `Traffic replay: ${name}`,
    note:
      index > 0
        ? ""
        : "Each request is looked up among all distinct ones before it: the nearest eight, one partition, nothing evicted. Wrong: of the semantic hits " +
          "whose label is known. By label: other labels, and every hit where no two requests are known to share an answer; after reading: without the pairs " +
          `that were read and ask the same. Intents are coarser than answers: nothing is called wrong there. * in the fit of the calibration. ${INTERVALS}`,
    head: [
      "stream",
      "requests",
      "exact hits",
      "semantic hits",
      "wrong by label",
      "wrong after reading",
      "of unknown label",
      "other intent",
    ],
    rows: rows.map(({ stream, labels, isFitted, counts, methods: rates }) => {
      const { exact, semantic, unknown, wrongByLabel, wrongAfterReading, otherIntent } = counts[id];
      const told = rates[id];
      const counted = (count, rate) => (semantic === 0 ? "-" : `${count}, ${withInterval(rate)}`);
      const isIntent = labels === "intent";
      return [
        `${stream}${isFitted ? " *" : ""}`,
        String(counts[id].requests),
        `${exact}, ${toPercent(told.exact.value)}`,
        `${semantic}, ${toPercent(told.semantic.value)}`,
        isIntent ? "" : counted(wrongByLabel, told.wrongByLabel),
        isIntent ? "" : counted(wrongAfterReading, told.wrongAfterReading),
        unknown === 0 ? "" : String(unknown),
        isIntent ? counted(otherIntent, told.otherIntent) : "",
      ];
    }),
    summaryRows: rows.filter(({ labels }) => labels === "total").length,
  }));
}

/** All streams and methods in one: what docs and README show. @returns {Table} */
export function trafficTable({ methods, rows }) {
  const shortName = (name) => name.replace("Semcache, max_error_rate", "Semcache at");
  return {
    title: "Traffic replay",
    note:
      "Semantic hits of the requests; of these wrong by label / after reading. Where labels are intents, nothing is called wrong: the share of hits across intents. " +
      "Each request is looked up among all distinct ones before it (the nearest eight, one partition, nothing evicted). * in the fit of the calibration.",
    head: ["stream", "requests", "exact", ...methods.flatMap(({ name }) => [`${shortName(name)}: hits`, "wrong"])],
    rows: rows.map(({ stream, labels, isFitted, counts, methods: rates }) => {
      const { requests } = counts[methods[0].id];
      const cells = methods.flatMap(({ id }) => {
        const { semantic, unknown, wrongByLabel, wrongAfterReading } = counts[id];
        const hits = `${semantic} (${toPercent(rates[id].semantic.value)})`;
        if (semantic === unknown) return [hits, "-"];
        if (labels === "intent") return [hits, `${toPercent(rates[id].otherIntent.value)} other intent`];
        const share = (count, rate) => `${count} (${toPercent(rate.value)})`;
        const byLabel = share(wrongByLabel, rates[id].wrongByLabel);
        return [hits, `${byLabel} / ${share(wrongAfterReading, rates[id].wrongAfterReading)}`];
      });
      return [
        `${stream}${isFitted ? " *" : ""}`,
        String(requests),
        toPercent(rates[methods[0].id].exact.value),
        ...cells,
      ];
    }),
    summaryRows: rows.filter(({ labels }) => labels === "total").length,
  };
}
