import type { MissReason } from "../model/reason.ts";
import type { GuardFinding, Judgement } from "../model/verdict.ts";
import { identicalProbability, toProbability, type Calibration } from "./calibration/calibration.ts";
import { toFeatures } from "./calibration/features.ts";
import type { Guard } from "./guard.ts";
import { toHarmlessForm } from "./harmless-form.ts";
import type { PromptPair } from "./verifier.ts";

/** What is known of a pair before the verifier is asked. */
export interface Examined {
  readonly pair: PromptPair;
  readonly similarity: number;
  readonly findings: readonly GuardFinding[];
  /** They differ in nothing that an answer could depend on (`harmless-form.ts`). */
  readonly isIdentical: boolean;
  /** The pair is what two longer prompts ask, all the rest being equal (`compare-window.ts`). */
  readonly isWindow: boolean;
}

/** What the verifier said, or why it was not asked. */
export type Opinion =
  | { readonly kind: "logit"; readonly logit: number }
  /** Together longer than the verifier reads. */
  | { readonly kind: "too-long" }
  | { readonly kind: "not-asked" };

export interface PairJudge {
  readonly calibration: Calibration;
  readonly guard: Guard;
  readonly guardOn: boolean;
  readonly verifierOn: boolean;
  /** Cosine of the first Semcache's `similarity_threshold`. */
  readonly similarityFloor: number | null;
}

/** Without a verifier nothing is calibrated: only prompts that are all but the same, and in which the guard sees nothing. */
const UNVERIFIED_COSINE = 0.97;

/**
 * Whether this pair could be a hit for anything that guard and verifier may say: what the guard finds only lowers the
 * probability. Takes a quarter of the time that the guard takes.
 */
export function isHopeful(judge: PairJudge, pair: PromptPair, similarity: number, bar: number): boolean {
  const unread: Examined = { pair, similarity, isIdentical: false, isWindow: false, findings: [] };
  if (!judge.verifierOn || needsVerifier(judge, unread, bar)) return true;
  return !isBelowFloor(judge, unread) && isIdenticalPair(pair);
}

export function examine({ guard, guardOn }: PairJudge, pair: PromptPair, similarity: number): Examined {
  const isIdentical = isIdenticalPair(pair);
  const findings = guardOn && !isIdentical ? guard.compare(pair) : [];
  return { pair, similarity, isIdentical, isWindow: false, findings };
}

/** Whether the verifier's answer could make this pair a hit. */
export function needsVerifier(judge: PairJudge, examined: Examined, bar: number): boolean {
  if (!judge.verifierOn || examined.isIdentical || isBelowFloor(judge, examined) || hasVeto(examined)) return false;
  return probabilityOf(judge, examined, judge.calibration.highestLogit) >= bar;
}

/** The judgement of a pair against a bar on the probability. */
export function conclude(judge: PairJudge, examined: Examined, opinion: Opinion, bar: number): Judgement {
  const { similarity, findings } = examined;
  const toJudgement = (reason: MissReason | null, confidence: number | null): Judgement => ({
    verdict: reason === null ? "hit" : "miss",
    reason,
    similarity,
    verifier: opinion.kind === "logit" ? opinion.logit : null,
    confidence,
    threshold: Number.isFinite(bar) ? bar : null,
    guard: withoutRepetition(findings),
  });
  const veto = findings.find((finding) => finding.effect === "veto");
  if (veto) return toJudgement(veto.code, null);
  if (isBelowFloor(judge, examined)) return toJudgement("no-candidate", null);
  if (examined.isIdentical) {
    const confidence = identicalProbability(judge.calibration);
    return toJudgement(confidence >= bar ? null : "verifier-low", confidence);
  }
  if (!judge.verifierOn) return toJudgement(unverified(examined, bar), null);
  if (opinion.kind === "too-long") return toJudgement("too-long", null);
  const raised = findings.find((finding) => finding.effect === "bar");
  if (opinion.kind === "not-asked") return toJudgement(raised?.code ?? "verifier-low", null);
  const confidence = probabilityOf(judge, examined, opinion.logit);
  if (confidence >= bar) return toJudgement(null, confidence);
  // The guard is the reason where the pair would have passed without its findings.
  const withoutGuard = probabilityOf(judge, { ...examined, findings: [] }, opinion.logit);
  return toJudgement(raised && withoutGuard >= bar ? raised.code : "verifier-low", confidence);
}

function isIdenticalPair({ a, b }: PromptPair): boolean {
  return a === b || toHarmlessForm(a) === toHarmlessForm(b);
}

/** Two kinds of comparison may find the same words. */
function withoutRepetition(findings: readonly GuardFinding[]): readonly GuardFinding[] {
  return findings.filter(
    ({ code, a, b, effect }, index) =>
      findings.findIndex(
        (other) => other.code === code && other.a === a && other.b === b && other.effect === effect,
      ) === index,
  );
}

function unverified({ similarity, findings }: Examined, bar: number): MissReason | null {
  const raised = findings.find((finding) => finding.effect === "bar");
  if (raised) return raised.code;
  return similarity >= UNVERIFIED_COSINE && Number.isFinite(bar) ? null : "verifier-low";
}

function probabilityOf(
  { calibration }: PairJudge,
  { pair, similarity, findings, isWindow }: Examined,
  logit: number,
): number {
  const counted = Math.min(logit, calibration.highestLogit);
  const probability = toProbability(calibration, toFeatures({ pair, similarity, logit: counted, findings }));
  // Nothing was calibrated on windows, and the shared rest may make a small difference a decisive one: twice the doubt.
  return isWindow ? Math.max(0, 2 * probability - 1) : probability;
}

function isBelowFloor({ similarityFloor, calibration }: PairJudge, { similarity }: Examined): boolean {
  return similarity < Math.max(similarityFloor ?? -1, calibration.lowestCosine);
}

function hasVeto({ findings }: Examined): boolean {
  return findings.some((finding) => finding.effect === "veto");
}
