import type { TuneReport } from "../../tuning/tune-report.ts";
import { toPercent, toSettingName } from "./figures.ts";

/** Why this setting is suggested, in a sentence without its full stop. */
export function toReason({ suggestion, curve }: Pick<TuneReport, "suggestion" | "curve">): string {
  const point = curve[suggestion.index];
  if (point === undefined) return "";
  const name = point.maxErrorRate === 0 ? "exact only" : `max_error_rate ${toSettingName(point)}`;
  const wanted = `at most ${toPercent(suggestion.wantedRate)} wrong among the hits by meaning (--max-wrong ${suggestion.wantedRate})`;
  const chosen = `${name}: the most hits (${toPercent(point.hitRate)}) with ${wanted}; ${toPercent(point.expectedWrongRate)} are expected`;
  const { because } = suggestion;
  switch (because) {
    case "nothing-to-merge":
      return `${name}, the shipped default: nothing in this log would be merged by meaning at any setting, so that it tells nothing of them`;
    case "too-few-hits":
      return `${name}, the shipped default: too few requests of this log would be merged by it to judge it, and no other setting is better`;
    case "no-setting-holds":
      return `${name}: no setting keeps ${wanted} on this log`;
    case "expected":
      return chosen;
    case "measured":
      return `${chosen}, and ${toPercent(point.measured.wrongRate)} of the ${point.measured.right + point.measured.wrong} that the log tells of are`;
    default:
      return because satisfies never;
  }
}
