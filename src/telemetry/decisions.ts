import type { GuardFinding } from "../model/verdict.ts";
import type { RequestReport } from "./request-report.ts";

/**
 * What was decided about one request, for people who ask why. The words of its findings are of its prompts: without
 * `prompts` each is empty.
 */
export interface Decision extends RequestReport {
  /** What was said of this hit; null: nothing. */
  readonly feedback: Verdict | null;
}

type Verdict = "right" | "wrong";

/** The last requests. Listing is rare and walks; adding is one assignment. */
export interface Decisions {
  add(report: RequestReport): void;
  list(query: DecisionQuery): DecisionPage;
  /** Those from this {@link end} on, up to that one: the newest of them, newest first, at most so many. */
  between(from: number, to: number, limit: number): DecisionBatch;
  /** Grows by one with each that is added. */
  end(): number;
  find(id: string): Decision | null;
  /** About one request, or all hits of an entry that are kept. */
  noteFeedback(about: { readonly request: string } | { readonly entry: string }, verdict: Verdict): void;
  /** No prompt that was kept so far, and no word of one, is kept any longer. */
  wipePrompts(): void;
}

/** All given conditions must hold. */
export interface DecisionQuery {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly before?: string | undefined;
  readonly outcome?: DecisionOutcome | undefined;
  /** Of a miss, a bypass or a stale answer; `guard`: any that begins with it. */
  readonly reason?: string | undefined;
  /** Part of the model's name. */
  readonly model?: string | undefined;
  /** Part of a prompt that is kept, or a request or entry id. */
  readonly text?: string | undefined;
}

export const decisionOutcomes = ["exact", "semantic", "stale", "miss", "bypass", "error"] as const;
/** `error`: Semcache or the provider answered 4xx or 5xx, or the client left. */
export type DecisionOutcome = (typeof decisionOutcomes)[number];

export interface DecisionPage {
  /** Newest first. Fewer than `limit` while `next` is not null, where so many were looked at. */
  readonly decisions: readonly Decision[];
  /** Null where nothing older is kept. */
  readonly next: string | null;
  /** How many are kept now. */
  readonly kept: number;
}

export interface DecisionBatch {
  readonly decisions: readonly Decision[];
  /** Older ones that were left out or are not kept any more. */
  readonly skipped: number;
}

/** What is shown of one prompt, of one side of a finding, and of the findings. */
const MAX_PROMPT_CHARS = 2_000;
const MAX_FINDING_CHARS = 200;
const MAX_FINDINGS = 16;
/** A report without the texts that callers choose, in memory. */
const REPORT_BYTES = 1_500;
/** One call looks at so many where texts are searched: a few milliseconds. */
const MAX_SEARCHED = 2_000;

interface Kept {
  report: RequestReport;
  feedback: Verdict | null;
}

/**
 * A ring of the last `capacity` reports (10,000), in at most about `maxBytes` of memory: to make room the oldest
 * prompts go first, then the oldest decisions.
 */
export function createDecisions({
  capacity = 10_000,
  maxBytes = 32 * 1024 * 1024,
}: { readonly capacity?: number; readonly maxBytes?: number } = {}): Decisions {
  const ring: (Kept | undefined)[] = [];
  let added = 0;
  let oldest = 0;
  /** Those before have no prompts. */
  let promptsFrom = 0;
  let bytes = 0;
  const at = (sequence: number) => ring[sequence % capacity];
  const isOver = () => bytes > maxBytes;

  function dropOldest(): void {
    bytes -= bytesOf(at(oldest)?.report);
    ring[oldest % capacity] = undefined;
    oldest++;
    promptsFrom = Math.max(promptsFrom, oldest);
  }

  function stripOldestPrompts(): void {
    strip(at(promptsFrom));
    promptsFrom++;
  }

  function strip(kept: Kept | undefined): void {
    if (!kept?.report.prompts) return;
    bytes -= bytesOf(kept.report);
    kept.report = { ...kept.report, prompts: null, guard: kept.report.guard.map(withoutWords) };
    bytes += bytesOf(kept.report);
  }

  return {
    add(report) {
      if (added - oldest === capacity) dropOldest();
      const kept = { report: toKept(report), feedback: null };
      ring[added % capacity] = kept;
      added++;
      bytes += bytesOf(kept.report);
      while (isOver() && promptsFrom < added - 1) stripOldestPrompts();
      while (isOver() && oldest < added - 1) dropOldest();
    },
    list({ limit, before, ...conditions }) {
      // A sequence number, not an index: it stays right while the ring turns.
      const end = Math.min(added, before === undefined ? added : toSequence(before));
      const isWanted = toFilter(conditions);
      const mayLookAt = conditions.text === undefined ? Number.POSITIVE_INFINITY : MAX_SEARCHED;
      const decisions: Decision[] = [];
      let sequence = end;
      for (; sequence > oldest && decisions.length < limit && end - sequence < mayLookAt; sequence--) {
        const kept = at(sequence - 1);
        if (kept && isWanted(kept.report)) decisions.push(toDecision(kept));
      }
      return { decisions, next: sequence > oldest ? String(sequence) : null, kept: added - oldest };
    },
    between(from, to, limit) {
      const first = Math.max(oldest, from, to - limit);
      const decisions: Decision[] = [];
      for (let sequence = Math.min(to, added); sequence > first; sequence--) {
        const kept = at(sequence - 1);
        if (kept) decisions.push(toDecision(kept));
      }
      return { decisions, skipped: Math.max(0, to - from - decisions.length) };
    },
    end: () => added,
    find(id) {
      const kept = findKept(id);
      return kept && toDecision(kept);
    },
    noteFeedback(about, verdict) {
      if ("request" in about) {
        const kept = findKept(about.request);
        if (kept) kept.feedback = verdict;
        return;
      }
      for (const kept of ring) {
        if (kept?.report.entry === about.entry && kept.report.match !== null) kept.feedback = verdict;
      }
    },
    wipePrompts() {
      for (const kept of ring) strip(kept);
      promptsFrom = added;
    },
  };

  function findKept(id: string): Kept | null {
    for (let sequence = added; sequence > oldest; sequence--) {
      const kept = at(sequence - 1);
      if (kept?.report.id === id) return kept;
    }
    return null;
  }
}

function toDecision({ report, feedback }: Kept): Decision {
  return { ...report, feedback };
}

export function toOutcome({ cacheStatus, match, status, error }: RequestReport): DecisionOutcome {
  if (error !== null || status === 0 || status >= 400) return "error";
  return cacheStatus === "hit" ? (match ?? "exact") : cacheStatus;
}

function toFilter({ outcome, reason, model, text }: Omit<DecisionQuery, "limit" | "before">) {
  const wantedModel = model?.toLowerCase();
  const wantedText = text?.toLowerCase();
  return (report: RequestReport): boolean => {
    if (outcome !== undefined && toOutcome(report) !== outcome) return false;
    if (reason !== undefined && !hasReason(report, reason)) return false;
    if (wantedModel !== undefined && !report.model?.toLowerCase().includes(wantedModel)) return false;
    if (wantedText === undefined || report.id === wantedText || report.entry === text) return true;
    const { prompts } = report;
    return [prompts?.asked, prompts?.matched].some((prompt) => prompt?.toLowerCase().includes(wantedText));
  };
}

function hasReason({ reason, stale, error, notStored }: RequestReport, wanted: string): boolean {
  if (wanted === "guard") return reason?.startsWith("guard-") === true;
  return [reason, stale, error, notStored].some((each) => each === wanted);
}

function toKept(report: RequestReport): RequestReport {
  const { guard, prompts, namespace } = report;
  if (guard.length === 0 && prompts === null && namespace.length <= MAX_FINDING_CHARS) return report;
  return {
    ...report,
    namespace: shorten(namespace, MAX_FINDING_CHARS),
    guard: guard.slice(0, MAX_FINDINGS).map((finding) => (prompts ? withShortWords(finding) : withoutWords(finding))),
    prompts: prompts && {
      asked: shorten(prompts.asked, MAX_PROMPT_CHARS),
      matched: prompts.matched === null ? null : shorten(prompts.matched, MAX_PROMPT_CHARS),
    },
  };
}

function withShortWords({ a, b, ...finding }: GuardFinding): GuardFinding {
  return { ...finding, a: shorten(a, MAX_FINDING_CHARS), b: shorten(b, MAX_FINDING_CHARS) };
}

/** A finding can be a whole quotation, a name, or all that one prompt asks for beyond the other. */
function withoutWords({ code, effect }: GuardFinding): GuardFinding {
  return { code, effect, a: "", b: "" };
}

/** Two bytes for each character of what callers choose. */
function bytesOf(report: RequestReport | undefined): number {
  if (report === undefined) return 0;
  const { path, model, namespace, guard, prompts } = report;
  let chars = path.length + (model?.length ?? 0) + namespace.length;
  for (const { a, b } of guard) chars += 100 + a.length + b.length;
  if (prompts) chars += prompts.asked.length + (prompts.matched?.length ?? 0);
  return REPORT_BYTES + 2 * chars;
}

function shorten(text: string, maxChars: number): string {
  // By way of bytes: a slice would keep the whole text alive.
  return text.length <= maxChars ? text : `${Buffer.from(text.slice(0, maxChars)).toString("utf8")}…`;
}

function toSequence(cursor: string): number {
  const sequence = Number(cursor);
  return Number.isSafeInteger(sequence) && sequence >= 0 ? sequence : 0;
}
