import type { GuardFinding } from "../model/verdict.ts";
import type { PromptPair } from "./verifier.ts";

/** Deterministic, explained differences that embeddings and verifiers overlook. Pure; never throws. */
export interface Guard {
  readonly id: string;
  compare(pair: PromptPair): readonly GuardFinding[];
}
