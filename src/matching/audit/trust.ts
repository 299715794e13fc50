import type { Clock } from "../../base/clock.ts";
import { digestParts } from "../../base/hash.ts";
import { isJsonObject, type JsonValue } from "../../base/json.ts";
import type { PromptVector } from "../../model/cache-entry.ts";
import type { PartitionKey } from "../../model/keys.ts";
import type { StateStore } from "../../store/state-store.ts";
import { toHarmlessForm } from "../harmless-form.ts";
import { PairVerdicts } from "./pair-verdicts.ts";
import { isPromiseBroken, toRateInterval, type Audited } from "./promise-test.ts";

/** A semantic hit, by digests: what a verdict on it is about. No prompt text. */
export interface ServedPair {
  readonly partition: PartitionKey;
  /** The entry's prompt in its partition: outlives the entry, which may be stored anew. */
  readonly entry: string;
  /** Both prompts, whichever was stored first: what is wrong one way is not tried the other way. */
  readonly pair: string;
}

export type HitVerdict = "right" | "wrong" | "unsure";

/** How far a candidate is trusted. */
export interface Standing {
  /** Never served by meaning: this very pair was called wrong, or too much of its entry or its partition was. */
  readonly barred: boolean;
  /** The share of wrong hits that is accepted of it: `matching.max_error_rate`, halved by each step. */
  readonly maxErrorRate: number;
}

export interface TrustSummary {
  readonly audits: { readonly right: number; readonly wrong: number; readonly unsure: number };
  /** Share of wrong answers among the audited hits that could be compared: 95% at all times together. */
  readonly wrongRate: readonly [lower: number, upper: number];
  readonly feedback: { readonly right: number; readonly wrong: number };
  readonly barredPairs: number;
  /** Partitions in which so many pairs were called wrong that only equal prompts are answered. */
  readonly closedPartitions: number;
  /** Steps by which the bar was raised: of all partitions together, and of single ones. */
  readonly steps: { readonly all: number; readonly partitions: Readonly<Record<string, number>> };
}

/**
 * What audits and people have said of semantic hits, and how much stricter the matching is for it. Nothing in here ever
 * loosens by itself: an operator takes back what was said of one pair, and nothing goes beyond the configured rate.
 */
export interface Trust {
  identify(partition: PartitionKey, storedPrompt: string, askedPrompt: string): ServedPair;
  /** Whether this is about what a wrong pair of the partition was about, as far as its texts are kept. */
  isNearWrong(partition: PartitionKey, asked: PromptVector): boolean;
  /** `isNearWrong` of the prompt that is asked: a step, if the entry has none. */
  standing(pair: ServedPair, isNearWrong?: boolean): Standing;
  /** The share of wrong hits that is accepted in a partition that has no steps of its own. */
  commonMaxErrorRate(): number;
  /** `matching.max_error_rate` is another one from now on; the steps that were taken stay. */
  promise(maxErrorRate: number): void;
  /** `ofProvider`: a configured provider has answered, and not one that the caller named. */
  audited(pair: ServedPair, verdict: HitVerdict, by: { readonly ofProvider: boolean }): void;
  /**
   * A person's word, counted: `wrong` bars the pair, if it is about one, but says nothing about the rate, since people
   * tell of what is wrong.
   */
  toldBy(pair: ServedPair | null, verdict: "right" | "wrong"): void;
  /** Bars a further pair that the same word is about. */
  bar(pair: ServedPair): void;
  /** An operator's word, over everybody's: the pair is judged again, as if it had never been called wrong. Not counted. */
  unbar(pair: ServedPair): void;
  summary(): TrustSummary;
}

export interface TrustOptions {
  readonly state: StateStore;
  readonly clock: Clock;
  /** `matching.max_error_rate`: what was promised. */
  readonly maxErrorRate: number;
  /** Of {@link Trust.isNearWrong}; never if not given. */
  readonly isNearWrong?: Trust["isNearWrong"];
  /** Told when a bar was raised, in words for the log; `now` is the rate that is accepted from here on. */
  readonly onRaised: (
    message: string,
    details: { readonly audited?: number; readonly wrong: number; readonly promised: number; readonly now: number },
  ) => void;
  /** How many pairs are barred one by one; overflow closes the partition that has most of them. */
  readonly maxPairs?: number;
  /**
   * Of how many partitions audits are counted. Counts without a wrong hit make room, which begin again; where there are
   * none, a further partition is not counted, and its bar is raised by a single wrong hit.
   */
  readonly maxScopes?: number;
}

/** An entry that was wrong so often answers equal prompts only. */
export const MAX_ENTRY_STEPS = 3;

/** The audits of a scope under the bar that it has: `at` this rate. */
interface ScopeState extends Audited {
  readonly at: number;
}

const ALL = "all";
const totalKeys = {
  right: "total/audit-right",
  wrong: "total/audit-wrong",
  unsure: "total/audit-unsure",
  toldRight: "total/feedback-right",
  toldWrong: "total/feedback-wrong",
} as const;

export function createTrust(options: TrustOptions): Trust {
  const { state, clock, onRaised, maxPairs = 100_000, maxScopes = 10_000 } = options;
  let { maxErrorRate } = options;
  const { isNearWrong = () => false } = options;
  const pairs = new PairVerdicts({
    state,
    max: maxPairs,
    onClosed: (partition, wrong) =>
      onRaised(`Too many pairs were called wrong: only equal prompts are answered in ${nameOf(partition)}`, {
        wrong,
        promised: maxErrorRate,
        now: 0,
      }),
  });
  const steps = readSteps(state);
  // All partitions together are always counted.
  let scopes = [...state.entries("scope/")].filter(([key]) => key !== `scope/${ALL}`).length;
  const count = (key: string) => state.put(key, toCount(state.get(key)) + 1);
  const stepsOf = (scope: string) => steps.get(scope) ?? 0;
  const rateAt = (scope: string) => maxErrorRate / 2 ** (stepsOf(ALL) + (scope === ALL ? 0 : stepsOf(scope)));

  /** True: the bar was raised. */
  function observe(scope: string, wrong: boolean, name: string): boolean {
    const key = `scope/${scope}`;
    const known = state.get(key);
    const isNew = known === null && scope !== ALL;
    const isCounted = !isNew || hasRoom();
    // Counted from nothing under each bar: what was served under another one says nothing about this.
    const at = rateAt(scope);
    const before = toScope(known, at);
    const now = { audited: before.audited + 1, wrong: before.wrong + (wrong ? 1 : 0) };
    if (isCounted) {
      if (isNew) scopes++;
      state.put(key, { ...now, at });
    }
    // Against what was promised, at every step: a bar that keeps the promise need not be raised further.
    if (isCounted ? !isPromiseBroken(now, maxErrorRate) : !wrong) return false;
    const step = stepsOf(scope) + 1;
    steps.set(scope, step);
    state.put(`step/${scope}/${step}`, { ...now, atMs: clock.now() });
    const why = isCounted ? "The promise was broken" : "A hit was wrong, and no more partitions can be counted";
    onRaised(`${why}: the bar is raised for ${name}`, {
      ...now,
      promised: maxErrorRate,
      now: rateAt(scope),
    });
    return true;
  }

  /** Where there is none, a count that holds nothing against its partition makes it. */
  function hasRoom(): boolean {
    if (scopes < maxScopes) return true;
    for (const [key, value] of state.entries("scope/")) {
      const scope = key.slice("scope/".length);
      if (scope === ALL || toScope(value, rateAt(scope)).wrong > 0) continue;
      state.delete(key);
      scopes--;
      return true;
    }
    return false;
  }

  return {
    identify(partition, storedPrompt, askedPrompt) {
      const [stored, asked] = [normalize(storedPrompt), normalize(askedPrompt)];
      return {
        partition,
        entry: digestParts([partition, stored]),
        pair: digestParts([partition, ...[stored, asked].sort()]),
      };
    },
    isNearWrong,
    standing({ partition, entry, pair }, isNear = false) {
      const ofEntry = pairs.ofEntry(entry);
      return {
        barred: pairs.has(pair) || ofEntry >= MAX_ENTRY_STEPS || pairs.isClosed(partition),
        // The wrong pair of the entry itself is mostly what is near: one word is one step.
        maxErrorRate: rateAt(partition) / 2 ** Math.max(ofEntry, isNear ? 1 : 0),
      };
    },
    commonMaxErrorRate: () => rateAt(ALL),
    promise(rate) {
      maxErrorRate = rate;
    },
    audited(pair, verdict, { ofProvider }) {
      count(totalKeys[verdict]);
      if (verdict === "unsure") return;
      const wrong = verdict === "wrong";
      if (wrong) pairs.bar(pair, { by: "audit", atMs: clock.now() });
      const raised = observe(pair.partition, wrong, nameOf(pair.partition));
      // What one partition was raised for is not held against the others as well; and a caller who names a provider of
      // his own could make its answers differ until nobody is served anything.
      if (!raised && ofProvider) observe(ALL, wrong, "all partitions");
    },
    toldBy(pair, verdict) {
      count(verdict === "right" ? totalKeys.toldRight : totalKeys.toldWrong);
      if (verdict === "wrong" && pair !== null) pairs.bar(pair, { by: "feedback", atMs: clock.now() });
    },
    bar: (pair) => pairs.bar(pair, { by: "feedback", atMs: clock.now() }),
    unbar: (pair) => void pairs.unbar(pair),
    summary() {
      const right = toCount(state.get(totalKeys.right));
      const wrong = toCount(state.get(totalKeys.wrong));
      const partitions = Object.fromEntries([...steps].filter(([scope]) => scope !== ALL));
      return {
        audits: { right, wrong, unsure: toCount(state.get(totalKeys.unsure)) },
        wrongRate: toRateInterval({ audited: right + wrong, wrong }),
        feedback: { right: toCount(state.get(totalKeys.toldRight)), wrong: toCount(state.get(totalKeys.toldWrong)) },
        barredPairs: pairs.barred,
        closedPartitions: pairs.closed,
        steps: { all: stepsOf(ALL), partitions },
      };
    },
  };
}

function nameOf(partition: string): string {
  return `the partition ${partition.slice(0, 8)}`;
}

/**
 * Each step has a key of its own, and is never written over: where two processes write to one journal, neither takes back
 * what the other has raised. Rare, and therefore not bounded: each took several audits that found wrong hits.
 */
function readSteps(state: StateStore): Map<string, number> {
  const steps = new Map<string, number>();
  for (const [key] of state.entries("step/")) {
    const [, scope = "", step] = key.split("/");
    const known = toCount(Number(step));
    if (known > (steps.get(scope) ?? 0)) steps.set(scope, known);
  }
  return steps;
}

/** No way around a verdict: what the matcher calls identical, and more of the kind (all case, final marks, doubled words). */
function normalize(prompt: string): string {
  const text = toHarmlessForm(prompt)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u2018-\u201B\u02BC]/g, "'")
    .replace(/[\u201C-\u201F]/g, '"');
  let end = text.length;
  while (end > 0 && /[\s.?!]/.test(text.charAt(end - 1))) end--;
  return text
    .slice(0, end)
    .split(/\s+/)
    .filter((word, index, words) => word !== words[index - 1])
    .join(" ")
    .trim();
}

function toScope(value: JsonValue | null, at: number): ScopeState {
  if (!isJsonObject(value) || value["at"] !== at) return { audited: 0, wrong: 0, at };
  return { audited: toCount(value["audited"]), wrong: toCount(value["wrong"]), at };
}

/** What is on disk may have been edited by hand. */
function toCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
