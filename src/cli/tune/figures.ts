import type { CurvePoint } from "../../tuning/curve.ts";
import type { IntakeSummary } from "../../tuning/log-intake.ts";
import { logKinds, type LogKind } from "../../tuning/logged-request.ts";
import type { Spent } from "../../tuning/tally.ts";
import type { TuneReport } from "../../tuning/tune-report.ts";
import { toCount } from "../progress-bar.ts";

/** `12.3%`; an en dash where nothing was counted. */
export function toPercent(share: number | null): string {
  if (share === null) return "–";
  // A tenth of a per cent is not nothing.
  return share > 0 && share < 0.001 ? "<0.1%" : `${(share * 100).toFixed(1)}%`;
}

/** `$1,234.56`; small amounts with as many digits as tell something. */
export function toDollars(amount: number): string {
  const digits = amount === 0 || amount >= 1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

export function toSettingName({ maxErrorRate }: Pick<CurvePoint, "maxErrorRate">): string {
  return maxErrorRate === 0 ? "exact only" : String(maxErrorRate);
}

/** What is special about a setting. */
export function toMarks(report: Pick<TuneReport, "suggestion">, point: CurvePoint, index: number): readonly string[] {
  return [
    ...(point.isDefault ? ["shipped default"] : []),
    ...(point.isConfigured && !point.isDefault ? ["configured"] : []),
    ...(report.suggestion.index === index ? ["suggested"] : []),
  ];
}

/** `4.0% (1.4–11.1%) of 75`. */
export function toMeasured({ measured }: Pick<CurvePoint, "measured">): string {
  const { right, wrong, wrongRate, low, high } = measured;
  if (wrongRate === null || low === null || high === null) return "–";
  return `${toPercent(wrongRate)} (${(low * 100).toFixed(1)}–${toPercent(high)}) of ${right + wrong}`;
}

/** `1,234 tokens, $0.12`. */
export function toSaving({ counted, tokens, priced, cost }: Spent): string {
  if (counted === 0) return "–";
  const told = `${tokens.toLocaleString("en-US")} tokens`;
  return priced === 0 ? told : `${told}, ${toDollars(cost)}`;
}

/** `3 OpenAI request bodies, 1 row with a prompt`. */
export function toKindsText({ kinds }: Pick<IntakeSummary, "kinds">): string {
  return Object.entries(kinds)
    .map(([kind, count]) => {
      const [one, many] = logKinds[kind as LogKind];
      return toCount(count, one, many);
    })
    .join(", ");
}

/** `12 volatile, 3 too-long`. */
export function toCountsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count.toLocaleString("en-US")} ${name}`)
    .join(", ");
}

/** Sentences about what was read and how far the figures reach; the same on the terminal and on the page. */
export function toNotes(report: TuneReport): readonly string[] {
  const { log, traffic, uncertified } = report;
  const { requests, distinct, frames, comparable } = traffic;
  const notes = [
    `Replayed ${toCount(requests, "request", "requests")} (${distinct.toLocaleString("en-US")} distinct) in ${toCount(frames, "frame", "frames")}; ` +
      `${comparable.toLocaleString("en-US")} can be compared by meaning` +
      (comparable === requests ? "." : `, the others match equal requests only: ${toCountsText(traffic.exactOnly)}.`),
  ];
  const parts = traffic.frameParts.map(({ part, kinds }) => `${part} (${kinds.toLocaleString("en-US")})`);
  if (frames > 1) {
    const told = parts.length === 0 ? "" : `; what differs: ${parts.join(", ")}`;
    notes.push(
      `Prompts are compared inside one frame only (model, system prompt, history, tools, parameters, tenant)${told}.`,
    );
  }
  if (traffic.notKept > 0) {
    notes.push(
      `Of ${toCount(traffic.notKept, "request", "requests")} the logged answer would not have been kept: failed, broken off, or filtered.`,
    );
  }
  const bypassed = toCountsText(log.bypassed);
  if (bypassed !== "") notes.push(`The cache is not asked for ${bypassed}: these requests are in no figure.`);
  if (!log.isTimed) {
    notes.push(
      "The log has no times: no entry expires, and equal prompts about now (volatile) are not counted as hits.",
    );
  }
  if (log.sample < 1) {
    notes.push(
      `A sample of ${toPercent(log.sample)} of the requests: all of them would find more earlier ones, and hit more.`,
    );
  }
  if (log.isCut) notes.push("The log goes on: --limit ended the reading here.");
  if (log.kinds.entry !== undefined) {
    notes.push(
      "An export has each answered prompt once: its hit rates are of prompts that the cache kept apart, not of traffic.",
    );
  }
  if (uncertified.length > 0) {
    notes.push(
      `No bar is certified for max_error_rate ${uncertified.join(", ")}: with these nothing is matched by meaning.`,
    );
  }
  if (report.interrupted) notes.push("Interrupted: the figures are of the requests up to there.");
  return notes;
}

/** What is behind the figures of wrong hits. */
export const expectedMeaning =
  "Expected wrong: the sum over the hits by meaning of the probability that the answer may not be shared, as the calibration of the models gives it. It is an estimate, not a count.";
export const measuredMeaning =
  "Measured wrong: of the hits by meaning whose labels (or logged answers) tell, the share that is wrong, with its 95% interval.";
