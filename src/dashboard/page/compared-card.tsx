import type { DeskShadow, HitReport, Rate, VerdictCounts } from "../desk-api.ts";
import { explainReason } from "./decision-outcome.ts";
import { Figures, type FigureRow } from "./figures.tsx";
import { formatCount, formatDateTime, formatShare, plural } from "./format.ts";
import { toRanked } from "./ranked.ts";

/** What the provider says of hits: of those that shadow mode would have served, and of those that were served and audited. */
export function ComparedCard({ compared: { mode, shadow, audits, judge } }: { readonly compared: DeskShadow }) {
  const isOn = mode === "shadow";
  if (!isOn && shadow.lookups === 0 && audits.lookups === 0) return null;
  return (
    <section class="card compared" aria-label="Compared with the provider">
      {isOn && shadow.lookups === 0 && <p>Shadow mode is on, and nothing has been looked up yet.</p>}
      {shadow.lookups > 0 && <Report name={isOn ? "Shadow mode" : "Shadow mode, off now"} report={shadow} isShadow />}
      {audits.lookups > 0 && <Report name="Audits" report={audits} isShadow={false} />}
      <p class="dim">
        Intervals are of 95%, however often you look. Unsure is what cannot be told: it is in no rate. Suspect: the
        provider said otherwise once; the upper end counts it as wrong.
        {judge && ` The judge, ${judge.model}, has ${formatCount(judge.callsLeft)} calls left today.`}
      </p>
    </section>
  );
}

function Report({
  name,
  report,
  isShadow,
}: {
  readonly name: string;
  readonly report: HitReport;
  readonly isShadow: boolean;
}) {
  const { since, lookups, hitRate, matches, bands, misses, grounds, partitions, otherPartitions } = report;
  const verb = isShadow ? "would have been" : "were";
  // Those of equal requests are seldom wrong: together they would hide how often meaning is.
  const toWrong = (of: HitReport["matches"]) => [formatRate(of.semantic.wrongRate), formatRate(of.exact.wrongRate)];
  return (
    <>
      <h3>
        {name}, since {formatDateTime(since)}
      </h3>
      <p>
        {isShadow
          ? `Of ${formatCount(lookups)} lookups ${formatRate(hitRate)} would have been hits.`
          : `About ${plural(lookups, "hit")} the provider was asked afterwards.`}{" "}
        {describeWrong(matches.semantic, "by meaning", verb)} {describeWrong(matches.exact, "of equal requests", verb)}
      </p>
      <Figures
        label={`${name}: verdicts`}
        head={["Hits", "Wrong rate", "All", "Right", "Wrong", "Suspect", "Unsure", "Failed", "Skipped"]}
        rows={[
          toVerdictRow("by meaning", matches.semantic),
          ...Object.entries(bands).map(([band, counts]) => toVerdictRow(`confidence ${band}`, counts)),
          toVerdictRow("of equal requests", matches.exact),
        ]}
      />
      {partitions.length > 0 && (
        <Figures
          label={`${name}: partitions`}
          head={["Partition", ...(isShadow ? ["Lookups", "Hit rate"] : ["Audits"]), "Wrong by meaning", "Wrong, equal"]}
          rows={[
            ...partitions.map(({ model, namespace, tenant, frame, ...of }): FigureRow => [
              [model, namespace, tenant, frame].filter(Boolean).join(" · "),
              formatCount(of.lookups),
              ...(isShadow ? [formatRate(of.hitRate)] : []),
              ...toWrong(of.matches),
            ]),
            ...(otherPartitions.hits > 0
              ? [["all others", ...(isShadow ? ["", ""] : [""]), ...toWrong(otherPartitions.matches)] as const]
              : []),
          ]}
        />
      )}
      <div class="saved-tables">
        <Figures
          label={`${name}: grounds`}
          head={["Verdicts by", "Right", "Wrong", "Suspect", "Unsure"]}
          rows={Object.entries(grounds).map(([ground, { right, wrong, suspect, unsure }]) => [
            ground,
            ...[right, wrong, suspect, unsure].map(formatCount),
          ])}
        />
        {isShadow && (
          <Figures
            label={`${name}: misses`}
            head={["Nothing to serve", "Lookups"]}
            rows={toRanked(misses).map(([reason, count]) => [reason, formatCount(count)])}
            explain={explainReason}
          />
        )}
      </div>
    </>
  );
}

function toVerdictRow(name: string, counts: VerdictCounts): FigureRow {
  const { wrongRate, hits, right, wrong, suspect, unsure, failed, skipped } = counts;
  return [name, formatRate(wrongRate), ...[hits, right, wrong, suspect, unsure, failed, skipped].map(formatCount)];
}

function describeWrong({ hits, judged, wrongRate }: VerdictCounts, which: string, verb: string): string {
  if (hits === 0) return "";
  const known = judged === 0 ? `how many ${verb} wrong is not known yet` : `${formatRate(wrongRate)} ${verb} wrong`;
  return `Of ${plural(hits, "hit")} ${which} ${formatCount(judged)} could be judged: ${known}.`;
}

function formatRate({ rate, lower, upper }: Rate): string {
  if (rate === null) return "not known";
  return `${formatShare(rate, 2)} (${formatShare(lower, 2)} to ${formatShare(upper, 2)})`;
}
