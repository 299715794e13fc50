import type { TuneReport } from "../../tuning/tune-report.ts";
import { toPercent, toSettingName } from "./figures.ts";

/** Why this setting is suggested, in a sentence. */
export function toReason({ suggestion, curve }: Pick<TuneReport, "suggestion" | "curve">): string {
  const point = curve[suggestion.index];
  const wanted = `at most ${toPercent(suggestion.wantedRate)} wrong among the hits by meaning (--max-wrong ${suggestion.wantedRate})`;
  if (point === undefined || suggestion.because === "nothing-to-merge") {
    return "exact only: nothing in this log would be merged by meaning at any setting";
  }
  if (suggestion.because === "no-setting-holds") return `exact only: no setting keeps ${wanted} on this log`;
  const measured =
    point.measured.wrongRate === null
      ? ""
      : `, ${toPercent(point.measured.wrongRate)} of those that the log tells of measured`;
  return (
    `max_error_rate ${toSettingName(point)}: the most hits (${toPercent(point.hitRate)}) with ${wanted}; ` +
    `${toPercent(point.expectedWrongRate)} are expected${measured}`
  );
}
