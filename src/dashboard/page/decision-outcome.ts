import type { DecisionOutcome, DeskDecision } from "../desk-api.ts";
import { bypassReasons, missReasons, notStoredReasons, staleCauses } from "../../model/reason.ts";

export interface OutcomeShown {
  /** Names the colour. */
  readonly kind: "exact" | "semantic" | "stale" | "miss" | "bypass";
  readonly label: string;
}

export function toOutcome({ cacheStatus, match }: Pick<DeskDecision, "cacheStatus" | "match">): OutcomeShown {
  switch (cacheStatus) {
    case "hit":
      return match === "semantic" ? { kind: "semantic", label: "semantic hit" } : { kind: "exact", label: "exact hit" };
    case "stale":
      return { kind: "stale", label: "stale hit" };
    case "miss":
      return { kind: "miss", label: "miss" };
    case "bypass":
      return { kind: "bypass", label: "bypass" };
    default:
      return cacheStatus satisfies never;
  }
}

/** Somebody answered 4xx or 5xx, or the client left. */
export function isFailure({ status, error }: Pick<DeskDecision, "status" | "error">): boolean {
  return status === 0 || status >= 400 || error !== null;
}

export function isHit({ cacheStatus }: Pick<DeskDecision, "cacheStatus">): boolean {
  return cacheStatus === "hit" || cacheStatus === "stale";
}

/** What was served can be called right or wrong, and what would have been but for shadow mode. */
export function canBeCalled({ cacheStatus, reason, entry }: Pick<DeskDecision, "cacheStatus" | "reason" | "entry">) {
  return isHit({ cacheStatus }) || (reason === "shadow" && entry !== null);
}

/** Without prompts, and without the words of them that the guard named. */
export function withoutPrompts(decision: DeskDecision): DeskDecision {
  return { ...decision, prompts: null, guard: decision.guard.map((finding) => ({ ...finding, a: "", b: "" })) };
}

/** What was chosen to be shown; empty: all. */
export interface DecisionFilter {
  readonly outcome: DecisionOutcome | "";
  readonly reason: string;
  readonly model: string;
  readonly q: string;
}

export const noFilter: DecisionFilter = { outcome: "", reason: "", model: "", q: "" };

/** As the server filters: for what comes live. */
export function matchesFilter(decision: DeskDecision, { outcome, reason, model, q }: DecisionFilter): boolean {
  if (outcome === "error" ? !isFailure(decision) : outcome !== "" && toOutcome(decision).kind !== outcome) return false;
  if (reason === "guard" ? !decision.reason?.startsWith("guard-") : reason !== "" && decision.reason !== reason)
    return false;
  if (!has(decision.model, model)) return false;
  if (q === "") return true;
  const { id, entry, prompts } = decision;
  return [id, entry, prompts?.asked, prompts?.matched].some((text) => has(text, q));
}

function has(text: string | null | undefined, part: string): boolean {
  return part === "" || (text?.toLowerCase().includes(part.toLowerCase()) ?? false);
}

const explanations: Readonly<Record<string, string>> = {
  ...notStoredReasons,
  ...staleCauses,
  ...bypassReasons,
  ...missReasons,
};

/** A reason's code in words; the code itself where there are none. */
export function explainReason(code: string): string {
  return explanations[code] ?? code;
}

export const missReasonCodes = Object.keys(missReasons);
export const bypassReasonCodes = Object.keys(bypassReasons);
