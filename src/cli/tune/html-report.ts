import type { CurvePoint } from "../../tuning/curve.ts";
import type { MergedPair } from "../../tuning/tally.ts";
import type { SettingDetail, TuneReport } from "../../tuning/tune-report.ts";
import { missReasons, type MissReason } from "../../model/reason.ts";
import { toPlainText } from "../plain-text.ts";
import { escapeHtml } from "./escape-html.ts";
import {
  expectedMeaning,
  measuredMeaning,
  toDollars,
  toKindsText,
  toMarks,
  toNotes,
  toPercent,
  toSettingName,
} from "./figures.ts";
import { encodeBarsPlot, encodeCurvePlot } from "./html-plots.ts";
import { htmlStyle } from "./html-style.ts";
import { toMarkedPair, type MarkedPiece } from "./marked-words.ts";
import { toReason } from "./reasons.ts";
import { toSettingTable } from "./setting-table.ts";

/** The report as one file: no script, and nothing from anywhere else. Prompts are data of callers: escaped, all of them. */
export function encodeHtmlReport(report: TuneReport): string {
  const { log, curve } = report;
  const name = text(log.name);
  const hasHits = curve.some(({ hitRate }) => (hitRate ?? 0) > 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>semcache tune: ${name}</title>
<style>${htmlStyle}</style>
</head>
<body>
<h1>What ${name} would have hit</h1>
<p class="quiet">${log.format === "csv" ? "CSV" : "JSON lines"}, ${text(toKindsText(log))}. Semcache ${text(report.semcache)}.</p>
${encodeSuggestion(report)}
${hasHits ? encodePlots(report) : ""}
<h2>Every setting</h2>
${encodeTable(report)}
<h2>What would have been merged, lowest confidence first</h2>
${encodeMerged(report)}
<h2>Why requests missed</h2>
${encodeMisses(report)}
<h2>How far these figures reach</h2>
<ul>${[...toNotes(report), expectedMeaning, measuredMeaning].map((note) => `<li>${text(note)}</li>`).join("")}</ul>
${encodeFaults(report)}
</body>
</html>
`;
}

function encodeSuggestion(report: TuneReport): string {
  const { curve, suggestion, traffic, prices } = report;
  const point = curve[suggestion.index];
  if (point === undefined) return "";
  const { saved } = point;
  const { spent } = traffic;
  const tiles = [
    [toPercent(point.hitRate), `hits (${point.exactHits} exact, ${point.semanticHits} by meaning)`],
    [point.semanticHits === 0 ? "–" : toPercent(point.expectedWrongRate), "expected wrong among those by meaning"],
    ...(spent.counted === 0
      ? []
      : [[saved.tokens.toLocaleString("en-US"), `of ${spent.tokens.toLocaleString("en-US")} tokens saved`]]),
    ...(spent.priced === 0 ? [] : [[toDollars(saved.cost), `of ${toDollars(spent.cost)} saved; ${prices}`]]),
  ];
  return `<div class="card"><p><b>Suggestion:</b> ${text(toReason(report))}.</p><pre>${text(suggestion.snippet.trimEnd())}</pre></div>
<div class="tiles">${tiles.map(([figure = "", told = ""]) => `<div class="tile"><b>${text(figure)}</b><span class="quiet">${text(told)}</span></div>`).join("")}</div>`;
}

function encodePlots(report: TuneReport): string {
  const isMeasured = report.curve.some(({ measured }) => measured.wrongRate !== null);
  const measured = isMeasured ? " Rings with lines: measured, with the 95% interval." : "";
  return `<figure>${encodeCurvePlot(report)}<figcaption>Points are settings (max_error_rate) at their expected share of wrong answers.${measured}</figcaption></figure>
<figure>${encodeBarsPlot(report)}<figcaption><span class="key exact"></span>exact<span class="key meaning"></span>by meaning<span class="key wrong"></span>of these expected wrong</figcaption></figure>`;
}

function encodeTable(report: TuneReport): string {
  const { titles, rows } = toSettingTable(report);
  const lines = rows.map((row, index) => {
    const kind = report.suggestion.index === index ? ' class="suggested"' : "";
    return `<tr${kind}>${row.map((cell) => `<td>${text(cell)}</td>`).join("")}</tr>`;
  });
  return `<div class="wide"><table><thead><tr>${titles.map((title) => `<th scope="col">${title}</th>`).join("")}</tr></thead><tbody>${lines.join("\n")}</tbody></table></div>`;
}

function encodeMerged(report: TuneReport): string {
  const { details, curve, suggestion } = report;
  const sections = details.flatMap(({ index, pairs }) => {
    const point = curve[index];
    if (point === undefined || pairs.length === 0) return [];
    const open = index === suggestion.index ? " open" : "";
    const marks = toMarks(report, point, index);
    const head = `max_error_rate ${toSettingName(point)}${marks.length > 0 ? ` (${marks.join(", ")})` : ""}: ${pairs.length} of ${point.semanticHits.toLocaleString("en-US")}`;
    return `<details${open}><summary>${text(head)}</summary><ol class="pairs">${pairs.map(encodePair).join("\n")}</ol></details>`;
  });
  return sections.length === 0 ? '<p class="quiet">Nothing at any setting.</p>' : sections.join("\n");
}

function encodePair(pair: MergedPair): string {
  const { asked, stored } = toMarkedPair(pair);
  const truth = {
    same: '<span class="truth">right</span>, ',
    other: '<span class="truth other">wrong</span>, ',
    unknown: "",
  }[pair.truth];
  const confidence = pair.confidence === null ? "" : `confidence ${pair.confidence.toFixed(3)}, `;
  const similarity = pair.similarity === null ? "" : `cosine ${pair.similarity.toFixed(3)}, `;
  return `<li><div>${encodePieces(asked)}</div><div>${encodePieces(stored)}</div><span class="quiet">${truth}${confidence}${similarity}line ${pair.line}, answered with that of line ${pair.storedLine}</span></li>`;
}

function encodePieces(pieces: readonly MarkedPiece[]): string {
  return pieces.map((piece) => (piece.differs ? `<mark>${text(piece.text)}</mark>` : text(piece.text))).join("");
}

function encodeMisses({ details, curve }: TuneReport): string {
  const columns = details.flatMap(({ index, misses }) => {
    const point = curve[index];
    return point === undefined || misses === null ? [] : [{ point, misses }];
  });
  return columns.map(encodeMissTable).join("\n");
}

function encodeMissTable({
  point,
  misses,
}: {
  point: CurvePoint;
  misses: NonNullable<SettingDetail["misses"]>;
}): string {
  const rows = Object.entries(misses).map(([reason, count]) => {
    const meaning = missReasons[reason as MissReason] ?? "";
    return `<tr><td>${text(reason)}</td><td>${count.toLocaleString("en-US")}</td><td>${text(meaning)}</td></tr>`;
  });
  return `<div class="wide"><table><thead><tr><th scope="col">${toSettingName(point)}</th><th scope="col">requests</th><td>what it means</td></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function encodeFaults({ log }: TuneReport): string {
  if (log.unreadable === 0) return "";
  const lines = log.faults.map(({ line, why }) => `<li>line ${line}: ${text(why)}</li>`).join("");
  return `<h2>${log.unreadable.toLocaleString("en-US")} unreadable lines</h2><ul>${lines}</ul>`;
}

function text(plain: string): string {
  return escapeHtml(toPlainText(plain));
}
