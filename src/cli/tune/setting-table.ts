import type { TuneReport } from "../../tuning/tune-report.ts";
import { toMarks, toMeasured, toPercent, toSaving, toSettingName } from "./figures.ts";

const titles = [
  "max_error_rate",
  "bar",
  "hits",
  "exact",
  "by meaning",
  "expected wrong",
  "measured wrong",
  "saved",
  "",
];

/** One row for each setting, cells as text; columns of which no row has anything to tell are left out. */
export function toSettingTable(report: Pick<TuneReport, "curve" | "suggestion">): {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const rows = report.curve.map((point, index) => [
    toSettingName(point),
    point.bar === null ? "–" : String(point.bar),
    toPercent(point.hitRate),
    point.exactHits.toLocaleString("en-US"),
    point.bar === null ? "–" : point.semanticHits.toLocaleString("en-US"),
    point.semanticHits === 0 ? "–" : toPercent(point.expectedWrongRate),
    toMeasured(point),
    toSaving(point.saved),
    toMarks(report, point, index).join(", "),
  ]);
  const isTold = titles.map((_, column) => rows.some((row) => row[column] !== "–"));
  const pick = (cells: readonly string[]) => cells.filter((_, column) => isTold[column]);
  return { titles: pick(titles), rows: rows.map(pick) };
}
