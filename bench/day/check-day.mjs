import { judgeShadow, judgeTune } from "./judge-estimates.mjs";
import { dollarsOf, labelDay } from "./labelled-day.mjs";

/**
 * A figure that one part of Semcache tells, beside what the labels, or another part, say of the same.
 *
 * @typedef {object} Check
 * @property {string} of who tells it: `stats`, `metrics`, `history`, `shadow`, `tune`
 * @property {string} figure
 * @property {number | null} told
 * @property {number | null} known
 * @property {boolean} agrees
 * @property {boolean} must false: where it differs the report says so, and that is all
 */

/**
 * @param {readonly import("./record-day.mjs").RecordedRequest[]} day
 * @param {object} runs
 * @param {import("./play-day.mjs").PlayedDay} runs.served with `cache.mode: semantic`
 * @param {import("./play-day.mjs").PlayedDay} runs.shadowed with `cache.mode: shadow`
 * @param {object} runs.tuned
 */
export function checkDay(day, { served, shadowed, tuned }) {
  const labelled = labelDay(day, served);
  const point = tuned.curve.find(({ isDefault }) => isDefault);
  const checks = [
    ...checkAnswers(labelled, served),
    ...checkStats(labelled, served.stats),
    ...checkMetrics(labelled, served.metrics),
    ...checkHistory(labelled, served.history, day),
    ...checkShadow(labelled, served, shadowed),
    ...checkTune(day, labelled, tuned, point),
  ];
  return { checks, labelled, shadow: judgeShadow(labelled, shadowed), tune: judgeTune(labelled, tuned, point) };
}

const sum = (values) => Object.values(values).reduce((all, value) => all + value, 0);

function check(of, figure, told, known) {
  // Sums of fractions, in another order.
  const agrees = told === known || (Number.isFinite(told) && Math.abs(told - known) <= 1e-9 * Math.abs(known));
  return { of, figure, told: told ?? null, known: known ?? null, agrees, must: true };
}

/** Of tables of counts, each key of either. */
function checkTable(of, figure, told, known) {
  const keys = [...new Set([...Object.keys(told), ...Object.keys(known)])].toSorted();
  return keys.map((key) => check(of, `${figure} ${key}`, told[key] ?? 0, known[key] ?? 0));
}

function checkAnswers({ garbled, leaked, misses, savedTokens }, { requests, calls }) {
  return [
    check("answers", "that do not say what the provider said", garbled, 0),
    check("answers", "that were made for another tenant", leaked, 0),
    check("answers", "provider calls", calls.length, misses),
    check("answers", "x-semcache-saved-tokens", sum(requests.map((each) => each.savedTokens)), savedTokens),
  ];
}

function checkStats(labelled, { totals, saved }) {
  const { requests, hits, misses, missReasons, savedTokens, savedDollars, savedByModel } = labelled;
  const { exact, semantic } = hits;
  return [
    check("stats", "requests", totals.requests, requests),
    check("stats", "hits, exact", totals.hits.exact, exact.count),
    check("stats", "hits, by meaning", totals.hits.semantic, semantic.count),
    check("stats", "misses", totals.misses, misses),
    check("stats", "hit rate", totals.hitRate, (exact.count + semantic.count) / requests),
    check("stats", "hits and misses by reason", sum(totals.hits) + sum(totals.missReasons), requests),
    ...checkTable("stats", "misses,", totals.missReasons, missReasons),
    check("stats", "saved calls", saved.calls, exact.count + semantic.count),
    check("stats", "saved tokens", saved.tokens, savedTokens),
    check("stats", "saved dollars", saved.dollars, savedDollars),
    ...saved.byModel.flatMap(({ model, calls, tokens, dollars }) => {
      const known = savedByModel[model] ?? { calls: 0, tokens: 0, dollars: 0 };
      return [
        check("stats", `saved calls, ${model}`, calls, known.calls),
        check("stats", `saved tokens, ${model}`, tokens, known.tokens),
        check("stats", `saved dollars, ${model}`, dollars, known.dollars),
      ];
    }),
    ...["byModel", "byTenant", "byRoute"].map((by) =>
      check("stats", `saved dollars, ${by} together`, sum(saved[by].map(({ dollars }) => dollars)), savedDollars),
    ),
  ];
}

function checkMetrics(labelled, text) {
  const { requests, hits, misses, missReasons, savedTokens, savedDollars } = labelled;
  const samples = readSamples(text);
  const total = (name, labels = "") =>
    sum(samples.filter((each) => each.name === name && each.labels.includes(labels)).map(({ value }) => value));
  const lookups = samples.filter(
    ({ name, labels }) => name === "semcache_lookups_total" && labels.includes('match="none"'),
  );
  const reasons = Object.fromEntries(
    lookups.map(({ labels, value }) => [/reason="([^"]*)"/.exec(labels)?.[1] ?? "none", value]),
  );
  return [
    check("metrics", "semcache_cache_hit", total("semcache_cache_hit"), hits.exact.count + hits.semantic.count),
    check("metrics", "semcache_cache_miss", total("semcache_cache_miss"), misses),
    check("metrics", "semcache_requests_total", total("semcache_requests_total", 'route="'), requests),
    check("metrics", "lookups, exact", total("semcache_lookups_total", 'match="exact"'), hits.exact.count),
    check("metrics", "lookups, by meaning", total("semcache_lookups_total", 'match="semantic"'), hits.semantic.count),
    ...checkTable("metrics", "misses,", reasons, missReasons),
    check("metrics", "semcache_saved_tokens_total", total("semcache_saved_tokens_total"), savedTokens),
    check("metrics", "semcache_saved_cost_dollars_total", total("semcache_saved_cost_dollars_total"), savedDollars),
  ];
}

function checkHistory(labelled, history, day) {
  const { requests, hits, misses, missReasons, savedTokens, savedDollars, requestsByHour } = labelled;
  const midnight = Math.floor(Date.parse(day[0].timestamp) / 86_400_000) * 86_400;
  const byHour = requestsByHour.map((_, hour) =>
    sum(history.requests.filter((_, step) => Math.floor((history.times[step] - midnight) / 3_600) === hour)),
  );
  return [
    check("history", "requests", history.sum.requests, requests),
    check("history", "hits, exact", history.sum.hits.exact, hits.exact.count),
    check("history", "hits, by meaning", history.sum.hits.semantic, hits.semantic.count),
    check("history", "misses", history.sum.misses, misses),
    ...checkTable("history", "misses,", history.sum.missReasons, missReasons),
    check("history", "saved tokens", history.sum.savedTokens, savedTokens),
    check("history", "saved dollars", history.sum.savedCost ?? 0, savedDollars),
    check(
      "history",
      "hours whose requests are those of the log",
      byHour.filter((count, hour) => count === requestsByHour[hour]).length,
      24,
    ),
  ];
}

/** The same judgement in the same order: what would have been served is what was served, request by request. */
function checkShadow({ requests, hits, missReasons }, served, shadowed) {
  const { mode, shadow } = shadowed.shadow;
  const { exact, semantic } = shadow.matches;
  const differing = served.requests.filter(
    ({ status }, index) => (status === "hit") !== (shadowed.requests[index].reason === "shadow"),
  );
  const { right, wrong, suspect, unsure, failed, skipped, hits: all } = shadow.all;
  return [
    check("shadow", "mode is shadow", Number(mode === "shadow"), 1),
    check("shadow", "hits that were served", shadowed.requests.filter(({ status }) => status === "hit").length, 0),
    check("shadow", "lookups", shadow.lookups, requests),
    check("shadow", "hits, exact", exact.hits, hits.exact.count),
    check("shadow", "hits, by meaning", semantic.hits, hits.semantic.count),
    check("shadow", "requests that would have gone another way", differing.length, 0),
    ...checkTable("shadow", "misses,", shadow.misses, missReasons),
    check("shadow", "hits with a verdict", right + wrong + suspect + unsure + failed + skipped, all),
    check("shadow", "failed and skipped comparisons", failed + skipped, 0),
    check("shadow", "exact hits called wrong", exact.wrong + exact.suspect, hits.exact.wrong),
  ];
}

function checkTune(day, labelled, { traffic, details, curve }, point) {
  const { requests, hits, missReasons, wrongByRequest } = labelled;
  const tokensOf = ({ usage }) => usage.input_tokens + usage.output_tokens;
  const costOf = ({ usage, request }) => dollarsOf(usage, request.model);
  const hitLines = day.filter((_, index) => wrongByRequest[index] !== null);
  const misses = details[curve.indexOf(point)]?.misses ?? {};
  return [
    check("tune", "requests", traffic.requests, requests),
    check("tune", "tokens that the day cost", traffic.spent.tokens, sum(day.map(tokensOf))),
    check("tune", "dollars that the day cost", traffic.spent.cost, sum(day.map(costOf))),
    check("tune", "hits, exact", point.exactHits, hits.exact.count),
    check("tune", "hits, by meaning", point.semanticHits, hits.semantic.count),
    check("tune", "wrong hits by meaning, by label", point.measured.wrong, hits.semantic.wrong),
    check("tune", "hits of which labels do not tell", point.measured.unknown, 0),
    check("tune", "misses", sum(misses), sum(missReasons)),
    ...checkTable("tune", "misses,", asReplayed(misses), asReplayed(missReasons)).map(mayDependOnNearest),
    // As the log counts them: what the request itself would have taken, where the server has what the stored answer took.
    check("tune", "saved tokens", point.saved.tokens, sum(hitLines.map(tokensOf))),
    check("tune", "saved dollars", point.saved.cost, sum(hitLines.map(costOf))),
  ];
}

/**
 * A replay does not tell a new frame from one without anything near, nor a volatile prompt whose answer has expired from one that
 * was never asked: within a day nothing else expires.
 */
function asReplayed({
  "frame-new": frameNew = 0,
  "no-candidate": noCandidate = 0,
  expired = 0,
  volatile = 0,
  ...others
}) {
  return { ...others, "no-candidate": frameNew + noCandidate, volatile: volatile + expired };
}

/**
 * The nearest entry explains a miss. Of entries that are as near as each other the server's index, which rounds vectors, and a
 * replay, which does not, may name another one.
 */
function mayDependOnNearest(each) {
  return { ...each, must: !/ (?:guard-.*|verifier-low)$/.test(each.figure) };
}

/** Lines of the Prometheus text format. */
function readSamples(text) {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels, value: Number(value) }];
  });
}
