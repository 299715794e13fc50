import { toTerminal } from "../quality/table.mjs";

const percent = (share) => (share === null ? "–" : `${(share * 100).toFixed(1)}%`);
const figure = (value) => (value === null ? "–" : Number.isInteger(value) ? String(value) : value.toPrecision(7));

/** The tables of a checked day, for a terminal. */
export function toDayReport(day, { checks, labelled, shadow, tune }) {
  return [
    toTerminal(toDayTable(day, labelled)),
    toTerminal(toShadowTable(shadow)),
    toTerminal(toTuneTable(tune)),
    toTerminal(toCheckTable(checks)),
  ].join("\n\n");
}

function toDayTable(day, { requests, answerable, hits, misses, savedTokens, savedDollars }) {
  const byApplication = new Map();
  for (const { answer_id: answerId } of day) {
    const name = answerId.slice(0, answerId.indexOf("/"));
    byApplication.set(name, (byApplication.get(name) ?? 0) + 1);
  }
  const applications = [...byApplication].map(([name, count]) => `${name} ${count}`).join(", ");
  const share = (count) => [String(count), percent(count / requests)];
  return {
    title: "The day, by its labels",
    note: `Requests by application: ${applications}.`,
    head: ["", "count", "of requests"],
    rows: [
      ["requests", ...share(requests)],
      ["an earlier request had the answer", ...share(answerable)],
      ["hits, exact", ...share(hits.exact.count)],
      ["  of these wrong", ...share(hits.exact.wrong)],
      ["hits, by meaning", ...share(hits.semantic.count)],
      ["  of these wrong", ...share(hits.semantic.wrong)],
      ["misses", ...share(misses)],
      ["tokens saved", String(savedTokens), ""],
      ["dollars saved", savedDollars.toFixed(6), ""],
    ],
  };
}

function toShadowTable({ hits, labelledWrongShare, estimated, judged, unsure, isInside, verdictsByLabel }) {
  return {
    title: "Hits by meaning, as shadow mode judges them without labels",
    note:
      `${hits} hits, ${judged} judged, ${unsure} unsure. Wrong by label ${percent(labelledWrongShare)}; estimated ` +
      `${percent(estimated.rate)} (${percent(estimated.lower)} to ${percent(estimated.upper)}), which ` +
      `${isInside ? "contains" : "DOES NOT CONTAIN"} the labelled share.`,
    head: ["verdict", "right by label", "wrong by label"],
    rows: Object.entries(verdictsByLabel).map(([verdict, { right, wrong }]) => [verdict, String(right), String(wrong)]),
  };
}

function toTuneTable({ curve, maxErrorRate, suggestion }) {
  return {
    title: "tune, of the same log",
    note: `The default is ${maxErrorRate}. Suggested: ${curve[suggestion.index]?.maxErrorRate} (${suggestion.because}).`,
    head: ["max_error_rate", "hit rate", "by meaning", "expected wrong", "measured wrong", "95%"],
    rows: curve.map((point) => [
      point.maxErrorRate === 0 ? "exact only" : String(point.maxErrorRate),
      percent(point.hitRate),
      String(point.semanticHits),
      percent(point.expectedWrongRate),
      percent(point.measured.wrongRate),
      point.measured.low === null ? "–" : `${percent(point.measured.low)} to ${percent(point.measured.high)}`,
    ]),
  };
}

function toCheckTable(checks) {
  const failed = checks.filter(({ agrees, must }) => must && !agrees);
  const must = checks.filter((each) => each.must);
  return {
    title: "What is told beside what is known",
    note:
      failed.length === 0
        ? `All ${must.length} that must agree do.`
        : `${failed.length} of the ${must.length} that must agree DO NOT AGREE.`,
    head: ["figure", "told", "known", ""],
    rows: checks.map(({ of, figure: name, told, known, agrees, must: binding }) => [
      `${of}: ${name}`,
      figure(told),
      figure(known),
      agrees ? "" : binding ? "DIFFERS" : "differs (of the nearest)",
    ]),
  };
}
