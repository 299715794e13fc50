// The gate's result for people: a table by kind, and the wrong pairs with the whole judgement.
import {
  findFaults,
  findWrongHits,
  percent,
  toRates,
  type Assessment,
  type Committed,
  type JudgedPair,
} from "./assessment.ts";

/** The table, the wrong hits, and what is wrong with them. */
export function renderAssessment(assessment: Assessment, committed: Committed): string {
  const wrong = findWrongHits(assessment);
  return [
    renderTable(assessment),
    ...(wrong.length === 0 ? [] : [`\nWrong hits (${wrong.length}):\n`, ...wrong.map(renderPair)]),
    "",
    ...findFaults(assessment, committed),
  ].join("\n");
}

function renderTable(assessment: Assessment): string {
  const { recall, falseHits, successfulAttacks } = toRates(assessment);
  const rows = [["kind", "must hit", "recall", "must miss", "false hits"]];
  const countHits = (pairs: readonly JudgedPair[]) =>
    pairs.filter(({ judgement }) => judgement.verdict === "hit").length;
  const cells = (pairs: readonly JudgedPair[]) => {
    const hits = countHits(pairs);
    return [String(pairs.length), pairs.length === 0 ? "-" : `${hits} ${percent(hits / pairs.length)}`];
  };
  for (const [kind, pairs] of byKind(assessment.pairs))
    rows.push([
      kind,
      ...cells(pairs.filter(({ may_share }) => may_share)),
      ...cells(pairs.filter(({ may_share }) => !may_share)),
    ]);
  const mustHit = assessment.pairs.filter(({ may_share }) => may_share).length;
  rows.push([
    "all kinds",
    String(mustHit),
    percent(recall),
    String(assessment.pairs.length - mustHit),
    percent(falseHits),
  ]);
  for (const [kind, attacks] of byKind(assessment.attacks)) rows.push([`attack: ${kind}`, "", "", ...cells(attacks)]);
  rows.push(["all attacks", "", "", String(assessment.attacks.length), percent(successfulAttacks)]);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

/** One pair: its label, and all that the judgement tells of it. */
export function renderPair({ kind, a, b, may_share, reason, judgement }: JudgedPair): string {
  const { verdict, guard, ...told } = judgement;
  const figures = Object.entries(told)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${typeof value === "number" ? value.toFixed(3) : String(value)}`);
  const findings = guard.map((finding) => `${finding.code} (${finding.effect}): "${finding.a}" | "${finding.b}"`);
  return [
    `${kind}: ${verdict}, ${may_share ? "may share an answer" : "must miss"}: ${reason}`,
    `  a: ${JSON.stringify(a)}`,
    `  b: ${JSON.stringify(b)}`,
    `  ${[...figures, ...findings].join(", ")}`,
  ].join("\n");
}

function byKind(pairs: readonly JudgedPair[]): Map<string, readonly JudgedPair[]> {
  const kinds = new Map<string, JudgedPair[]>();
  for (const pair of pairs) kinds.set(pair.kind, [...(kinds.get(pair.kind) ?? []), pair]);
  return kinds;
}
