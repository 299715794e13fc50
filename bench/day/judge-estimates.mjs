/**
 * What shadow mode says of hits by meaning, beside their labels. It is an estimate, made without them: nothing of it has to agree.
 *
 * @param {import("./labelled-day.mjs").LabelledDay} labelled
 * @param {import("./play-day.mjs").PlayedDay} shadowed
 */
export function judgeShadow({ hits, wrongByRequest }, { requests, shadow, log }) {
  const byId = new Map(requests.map(({ request }, index) => [request, index]));
  const verdicts = {};
  for (const { request, outcome, by, match } of log) {
    if (by === undefined || match !== "semantic" || outcome === undefined) continue;
    const isWrong = wrongByRequest[byId.get(request)];
    if (isWrong === null || isWrong === undefined) continue;
    const row = (verdicts[outcome] ??= { right: 0, wrong: 0 });
    row[isWrong ? "wrong" : "right"] += 1;
  }
  const { wrongRate, judged, unsure } = shadow.shadow.matches.semantic;
  const share = hits.semantic.count === 0 ? null : hits.semantic.wrong / hits.semantic.count;
  return {
    hits: hits.semantic.count,
    labelledWrongShare: share,
    estimated: wrongRate,
    judged,
    unsure,
    isInside: share === null ? null : wrongRate.lower <= share && share <= wrongRate.upper,
    verdictsByLabel: verdicts,
  };
}

/**
 * What tune expects of the day, and what it measured by the labels of the log.
 *
 * @param {import("./labelled-day.mjs").LabelledDay} labelled
 * @param {object} tuned
 * @param {object} point of its curve: the shipped default
 */
export function judgeTune({ hits, requests }, tuned, point) {
  const { expectedWrong, expectedWrongRate, measured } = point;
  return {
    maxErrorRate: point.maxErrorRate,
    expectedWrong,
    expectedWrongRate,
    measured,
    labelledWrong: hits.semantic.wrong,
    hitRate: point.hitRate,
    servedHitRate: (hits.exact.count + hits.semantic.count) / requests,
    suggestion: tuned.suggestion,
    curve: tuned.curve.map(({ maxErrorRate, hitRate, semanticHits, expectedWrongRate: expected, measured: known }) => ({
      maxErrorRate,
      hitRate,
      semanticHits,
      expectedWrongRate: expected,
      measured: known,
    })),
  };
}
