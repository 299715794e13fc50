import type { Clock } from "../../base/clock.ts";
import { digestParts } from "../../base/hash.ts";
import { isJsonObject, type JsonValue } from "../../base/json.ts";
import type { PartitionKey } from "../../model/keys.ts";
import type { StateStore } from "../../store/state-store.ts";
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
  /** This very pair was called wrong. */
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
  /** Steps by which the bar was raised: of all partitions together, and of single ones. */
  readonly steps: { readonly all: number; readonly partitions: Readonly<Record<string, number>> };
}

/**
 * What audits and people have said of semantic hits, and how much stricter the matching is for it. Nothing in here ever
 * loosens by itself; only deleting the state does.
 */
export interface Trust {
  identify(partition: PartitionKey, storedPrompt: string, askedPrompt: string): ServedPair;
  standing(pair: ServedPair): Standing;
  /** `ofProvider`: a configured provider has answered, and not one that the caller named. */
  audited(pair: ServedPair, verdict: HitVerdict, by: { readonly ofProvider: boolean }): void;
  /** A person's word: it bars the pair, but says nothing about the rate, since people tell of what is wrong. */
  toldBy(pair: ServedPair, verdict: "right" | "wrong"): void;
  summary(): TrustSummary;
}

export interface TrustOptions {
  readonly state: StateStore;
  readonly clock: Clock;
  /** `matching.max_error_rate`: what was promised. */
  readonly maxErrorRate: number;
  /** Told when a bar was raised, in words for the log; `now` is the rate that is accepted from here on. */
  readonly onRaised: (message: string, details: Audited & { readonly promised: number; readonly now: number }) => void;
  /** How many verdicts on pairs are kept. */
  readonly maxPairs?: number;
  /** Of how many partitions audits are counted; overflow begins those again that were audited first. */
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
  const { state, clock, maxErrorRate, onRaised, maxPairs = 100_000, maxScopes = 10_000 } = options;
  const pairs = new PairVerdicts({ state, max: maxPairs });
  const steps = readSteps(state);
  let scopes = [...state.entries("scope/")].length;
  const count = (key: string) => state.put(key, toCount(state.get(key)) + 1);
  const stepsOf = (scope: string) => steps.get(scope) ?? 0;
  const rateAt = (scope: string) => maxErrorRate / 2 ** (stepsOf(ALL) + (scope === ALL ? 0 : stepsOf(scope)));

  /** True: the bar was raised. */
  function observe(scope: string, wrong: boolean, name: string): boolean {
    const key = `scope/${scope}`;
    const known = state.get(key);
    if (known === null) makeRoom();
    // Counted from nothing under each bar: what was served under another one says nothing about this.
    const at = rateAt(scope);
    const before = toScope(known, at);
    const now = { audited: before.audited + 1, wrong: before.wrong + (wrong ? 1 : 0) };
    state.put(key, { ...now, at });
    // Against what was promised, at every step: a bar that keeps the promise need not be raised further.
    if (!isPromiseBroken(now, maxErrorRate)) return false;
    const step = stepsOf(scope) + 1;
    steps.set(scope, step);
    state.put(`step/${scope}/${step}`, { ...now, atMs: clock.now() });
    onRaised(`The promise was broken: the bar is raised for ${name}`, {
      ...now,
      promised: maxErrorRate,
      now: rateAt(scope),
    });
    return true;
  }

  function makeRoom(): void {
    if (++scopes <= maxScopes) return;
    for (const [key] of state.entries("scope/")) {
      if (key === `scope/${ALL}`) continue;
      state.delete(key);
      scopes--;
      return;
    }
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
    standing({ partition, entry, pair }) {
      const ofEntry = pairs.ofEntry(entry);
      return {
        barred: pairs.has(pair) || ofEntry >= MAX_ENTRY_STEPS,
        maxErrorRate: rateAt(partition) / 2 ** ofEntry,
      };
    },
    audited(pair, verdict, { ofProvider }) {
      count(totalKeys[verdict]);
      if (verdict === "unsure") return;
      const wrong = verdict === "wrong";
      if (wrong) pairs.note(pair, { verdict, by: "audit", atMs: clock.now() });
      const raised = observe(pair.partition, wrong, `the partition ${pair.partition.slice(0, 8)}`);
      // What one partition was raised for is not held against the others as well; and a caller who names a provider of
      // his own could make its answers differ until nobody is served anything.
      if (!raised && ofProvider) observe(ALL, wrong, "all partitions");
    },
    toldBy(pair, verdict) {
      count(verdict === "right" ? totalKeys.toldRight : totalKeys.toldWrong);
      pairs.note(pair, { verdict, by: "feedback", atMs: clock.now() });
    },
    summary() {
      const right = toCount(state.get(totalKeys.right));
      const wrong = toCount(state.get(totalKeys.wrong));
      const partitions = Object.fromEntries([...steps].filter(([scope]) => scope !== ALL));
      return {
        audits: { right, wrong, unsure: toCount(state.get(totalKeys.unsure)) },
        wrongRate: toRateInterval({ audited: right + wrong, wrong }),
        feedback: { right: toCount(state.get(totalKeys.toldRight)), wrong: toCount(state.get(totalKeys.toldWrong)) },
        barredPairs: pairs.barred,
        steps: { all: stepsOf(ALL), partitions },
      };
    },
  };
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

/** Blanks and case are no way around a verdict. */
function normalize(prompt: string): string {
  return prompt.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

function toScope(value: JsonValue | null, at: number): ScopeState {
  if (!isJsonObject(value) || value["at"] !== at) return { audited: 0, wrong: 0, at };
  return { audited: toCount(value["audited"]), wrong: toCount(value["wrong"]), at };
}

/** What is on disk may have been edited by hand. */
function toCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
