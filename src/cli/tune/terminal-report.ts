import type { CurvePoint } from "../../tuning/curve.ts";
import type { MergedPair } from "../../tuning/tally.ts";
import type { TuneReport } from "../../tuning/tune-report.ts";
import { toPlainLine } from "../plain-text.ts";
import { toCount } from "../progress-bar.ts";
import {
  expectedMeaning,
  measuredMeaning,
  toCountsText,
  toDollars,
  toKindsText,
  toNotes,
  toPercent,
  toSettingName,
} from "./figures.ts";
import { toMarkedPair, type MarkedPiece } from "./marked-words.ts";
import { toReason } from "./reasons.ts";
import { toSettingTable } from "./setting-table.ts";

/** Columns of the chart's bars. */
const CHART_WIDTH = 50;

/** The report as text, without colours. */
export function encodeTerminalReport(report: TuneReport): string {
  const { log, suggestion, curve } = report;
  const sections = [
    `${log.name}: ${log.format === "csv" ? "CSV" : "JSON lines"}, ${toKindsText(log)}\n${encodeFaults(report)}${toNotes(report).join("\n")}`,
    encodeTable(report),
    encodeChart(report),
    encodePairs(report),
    `suggestion  ${toReason(report)}\n\n${suggestion.snippet.trimEnd()}`,
    encodeSaving(report, curve[suggestion.index]),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function encodeFaults({ log }: TuneReport): string {
  const lines: string[] = [];
  if (log.unreadable > 0) {
    lines.push(`${toCount(log.unreadable, "line", "lines")} unreadable:`);
    for (const { line, why } of log.faults) lines.push(`  line ${line}: ${toPlainLine(why)}`);
    if (log.unreadable > log.faults.length) lines.push(`  and ${log.unreadable - log.faults.length} more`);
  }
  for (const [why, count] of Object.entries(log.skipped)) {
    lines.push(`${toCount(count, "line", "lines")} left out: ${toPlainLine(why)}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function encodeTable(report: TuneReport): string {
  const { titles, rows } = toSettingTable(report);
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const last = widths.length - 1;
  const lines = [titles, ...rows].map((row) =>
    row
      // Figures stand under each other at their right.
      .map((cell, column) => {
        if (column === last) return cell === "" ? "" : `<- ${cell}`;
        return column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
  const isMeasured = report.curve.some(({ measured }) => measured.wrongRate !== null);
  return [...lines, "", expectedMeaning, ...(isMeasured ? [measuredMeaning] : [])].join("\n");
}

/** One bar for each setting: exact hits, hits by meaning, and the expected part of those that is wrong. */
function encodeChart({ curve, traffic }: TuneReport): string {
  const most = Math.max(...curve.map(({ hitRate }) => hitRate ?? 0));
  if (most === 0) return "";
  const width = Math.max(...curve.map((point) => toSettingName(point).length));
  const columns = (count: number) => (count / traffic.requests / most) * CHART_WIDTH;
  const lines = curve.map((point) => {
    const { exactHits, semanticHits, expectedWrong } = point;
    const wrong = expectedWrong ?? 0;
    // Ends, not lengths, are rounded: so the bar is as long as its hit rate.
    const ends = [exactHits, exactHits + semanticHits - wrong, exactHits + semanticHits].map((count) =>
      Math.round(columns(count)),
    );
    const [exact = 0, right = 0, all = 0] = ends;
    const bar = "█".repeat(exact) + "▒".repeat(right - exact) + "×".repeat(all - right);
    return `${toSettingName(point).padEnd(width)}  ${bar} ${toPercent(point.hitRate)}`;
  });
  return ["hit rate: █ exact  ▒ by meaning  × of these expected wrong", ...lines].join("\n");
}

function encodePairs({ curve, suggestion, details }: TuneReport): string {
  // Where the suggested setting merges nothing, the strictest that does shows why, or that there is nothing.
  const merges = ({ semanticHits }: CurvePoint) => semanticHits > 0;
  const suggested = curve[suggestion.index];
  const index = suggested !== undefined && merges(suggested) ? suggestion.index : curve.findIndex(merges);
  const point = curve[index];
  const pairs = details[index]?.pairs ?? [];
  if (point === undefined || pairs.length === 0) return "";
  const all = point.semanticHits;
  const head = `what max_error_rate ${point.maxErrorRate} would have merged, lowest confidence first (${pairs.length} of ${all.toLocaleString("en-US")}):`;
  return [head, ...pairs.map(encodePair)].join("\n");
}

function encodePair(pair: MergedPair): string {
  const { asked, stored } = toMarkedPair(pair);
  const confidence = pair.confidence === null ? "    –" : pair.confidence.toFixed(3);
  const truth = { same: "  (right)", other: "  (WRONG)", unknown: "" }[pair.truth];
  const width = String(Math.max(pair.line, pair.storedLine)).length;
  const place = (line: number) => `line ${String(line).padStart(width)}`;
  return [
    `  ${confidence}  ${place(pair.line)}  ${toText(asked)}${truth}`,
    `         ${place(pair.storedLine)}  ${toText(stored)}`,
  ].join("\n");
}

function toText(pieces: readonly MarkedPiece[]): string {
  return toPlainLine(pieces.map(({ text, differs }) => (differs ? `‹${text}›` : text)).join(""));
}

function encodeSaving({ traffic, prices }: TuneReport, point: CurvePoint | undefined): string {
  const { spent } = traffic;
  if (point === undefined || spent.counted === 0) return "";
  const { saved } = point;
  const lines = [
    `saved by it  ${saved.tokens.toLocaleString("en-US")} of ${spent.tokens.toLocaleString("en-US")} tokens` +
      (spent.priced === 0 ? "" : `, ${toDollars(saved.cost)} of ${toDollars(spent.cost)}`),
  ];
  if (spent.counted < spent.requests) {
    lines.push(
      `The log tells the tokens of ${spent.counted.toLocaleString("en-US")} of ${toCount(spent.requests, "request", "requests")}.`,
    );
  }
  lines.push(
    spent.priced === 0
      ? "No price is known: give --price-input and --price-output, or set prices in the configuration."
      : `Prices: ${prices}${spent.priced < spent.counted ? `; ${toCountsText({ "requests have none": spent.counted - spent.priced })}` : ""}.`,
  );
  return lines.join("\n");
}
