import type { Clock } from "../../base/clock.ts";
import { digestParts } from "../../base/hash.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import type { PartitionKey } from "../../model/keys.ts";
import type { StateStore } from "../../store/state-store.ts";
import { isPromiseBroken, toRateInterval, type Audited } from "./promise-test.ts";

/** A semantic hit, by digests: what a verdict on it is about. No prompt text. */
export interface ServedPair {
  readonly partition: PartitionKey;
  /** The entry's prompt in its partition: outlives the entry, which may be stored anew. */
  readonly entry: string;
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
  audited(pair: ServedPair, verdict: HitVerdict): void;
  /** A person's word: it bars the pair, but says nothing about the rate, since people tell of what is wrong. */
  toldBy(pair: ServedPair, verdict: "right" | "wrong"): void;
  summary(): TrustSummary;
}

export interface TrustOptions {
  readonly state: StateStore;
  readonly clock: Clock;
  /** `matching.max_error_rate`: what was promised. */
  readonly maxErrorRate: number;
  /** Told when a bar was raised, in words for the log. */
  readonly onRaised: (message: string, details: { readonly [key: string]: string | number }) => void;
}

/** An entry that was wrong so often answers equal prompts only. */
export const MAX_ENTRY_STEPS = 3;

/** Of a scope: the counts since its bar was last raised, and how often it was. */
interface ScopeState extends Audited {
  readonly steps: number;
}

const noScope: ScopeState = { audited: 0, wrong: 0, steps: 0 };
const ALL = "scope/all";
const totalKeys = {
  right: "total/audit-right",
  wrong: "total/audit-wrong",
  unsure: "total/audit-unsure",
  toldRight: "total/feedback-right",
  toldWrong: "total/feedback-wrong",
} as const;

export function createTrust({ state, clock, maxErrorRate, onRaised }: TrustOptions): Trust {
  const scopeOf = (key: string): ScopeState => toScope(state.get(key));
  const count = (key: string) => state.put(key, toCount(state.get(key)) + 1);

  function observe(key: string, wrong: boolean, name: string): void {
    const { audited, wrong: before, steps } = scopeOf(key);
    const now = { audited: audited + 1, wrong: before + (wrong ? 1 : 0) };
    const promised = maxErrorRate / 2 ** steps;
    if (!isPromiseBroken(now, promised)) {
      state.put(key, { ...now, steps });
      return;
    }
    // Counted from nothing again: what was served under the old bar says nothing about the new one.
    state.put(key, { audited: 0, wrong: 0, steps: steps + 1 });
    onRaised(`The promise was broken: the bar is raised for ${name}`, {
      audited: now.audited,
      wrong: now.wrong,
      promised,
      now: promised / 2,
    });
  }

  function bar({ pair, entry }: ServedPair, by: "audit" | "feedback"): void {
    if (state.get(`pair/${pair}`) !== null && isBarred(state.get(`pair/${pair}`))) return;
    state.put(`pair/${pair}`, { verdict: "wrong", by, atMs: clock.now() });
    count(`entry/${entry}`);
  }

  return {
    identify: (partition, storedPrompt, askedPrompt) => ({
      partition,
      entry: digestParts([partition, storedPrompt]),
      pair: digestParts([partition, storedPrompt, askedPrompt]),
    }),
    standing({ partition, entry, pair }) {
      const steps = scopeOf(ALL).steps + scopeOf(`scope/${partition}`).steps;
      const ofEntry = toCount(state.get(`entry/${entry}`));
      return {
        barred: isBarred(state.get(`pair/${pair}`)) || ofEntry >= MAX_ENTRY_STEPS,
        maxErrorRate: maxErrorRate / 2 ** (steps + ofEntry),
      };
    },
    audited(pair, verdict) {
      count(totalKeys[verdict]);
      if (verdict === "unsure") return;
      if (verdict === "wrong") bar(pair, "audit");
      observe(`scope/${pair.partition}`, verdict === "wrong", `the partition ${pair.partition.slice(0, 8)}`);
      observe(ALL, verdict === "wrong", "all partitions");
    },
    toldBy(pair, verdict) {
      count(verdict === "right" ? totalKeys.toldRight : totalKeys.toldWrong);
      if (verdict === "wrong") bar(pair, "feedback");
      // A pair that was called wrong stays barred, whoever says otherwise later.
      else if (state.get(`pair/${pair.pair}`) === null)
        state.put(`pair/${pair.pair}`, { verdict: "right", by: "feedback", atMs: clock.now() });
    },
    summary() {
      const right = toCount(state.get(totalKeys.right));
      const wrong = toCount(state.get(totalKeys.wrong));
      const partitions: Record<string, number> = {};
      for (const [key, value] of state.entries("scope/")) {
        const { steps } = toScope(value);
        if (key !== ALL && steps > 0) partitions[key.slice("scope/".length)] = steps;
      }
      let barredPairs = 0;
      for (const [, value] of state.entries("pair/")) if (isBarred(value)) barredPairs++;
      return {
        audits: { right, wrong, unsure: toCount(state.get(totalKeys.unsure)) },
        wrongRate: toRateInterval({ audited: right + wrong, wrong }),
        feedback: { right: toCount(state.get(totalKeys.toldRight)), wrong: toCount(state.get(totalKeys.toldWrong)) },
        barredPairs,
        steps: { all: scopeOf(ALL).steps, partitions },
      };
    },
  };
}

function toScope(value: unknown): ScopeState {
  if (!isJsonObject(value)) return noScope;
  const { audited, wrong, steps } = value as JsonObject;
  return { audited: toCount(audited), wrong: toCount(wrong), steps: toCount(steps) };
}

/** What is on disk may have been edited by hand. */
function toCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function isBarred(value: unknown): boolean {
  return isJsonObject(value) && value["verdict"] === "wrong";
}
