import { SemcacheError } from "../base/errors.ts";
import { dotProduct } from "../base/dot-product.ts";
import { digestParts } from "../base/hash.ts";
import type { Embedder, Embedding } from "../embedding/embedder.ts";
import type { MissReason } from "../model/reason.ts";
import type { Judgement } from "../model/verdict.ts";
import { barFor, type Calibration } from "./calibration/calibration.ts";
import type { Guard } from "./guard.ts";
import { exactOnlyByText, exactOnlyByTokens } from "./limits/prompt-limits.ts";
import type { CandidateVerdict, JudgeOptions, MatchCandidate, Matcher, PreparedPrompt } from "./matcher.ts";
import { isOverWindow, toCompareWindow } from "./compare-window.ts";
import {
  conclude,
  examine,
  isHopeful,
  needsVerifier,
  type Examined,
  type Opinion,
  type PairJudge,
} from "./pair-judge.ts";
import { VerdictMemo } from "./verdict-memo.ts";
import type { Verifier } from "./verifier.ts";

export interface MatcherOptions {
  readonly embedder: Embedder;
  readonly verifier: Verifier;
  readonly guard: Guard;
  readonly calibration: Calibration;
  /** `matching.max_error_rate`: the share of wrong answers among semantic hits that is accepted, 0 to 1. */
  readonly maxErrorRate: number;
  readonly maxPromptTokens: number;
  /** A floor on the cosine that can only tighten. */
  readonly similarityFloor: number | null;
  readonly guardOn: boolean;
  readonly verifierOn: boolean;
  /** How many verdicts are remembered. */
  readonly memoSize?: number;
}

/**
 * A matcher that remembers what guard and models say of two texts, until the entry that has one of them is gone. No
 * verdict is remembered: bars are asked for anew each time, so that feedback and audits need not be told to it.
 */
export type PromptMatcher = Matcher;

/**
 * The first two candidates are verified together, the others only if both fail: mostly the nearest decides.
 * Measured: docs/decisions/2026-11-22-order-of-judging.md.
 */
const FIRST_WAVE = 2;

interface Remembered {
  readonly examined: Examined;
  readonly opinion: Opinion;
}

/**
 * Embedder, guard, verifier and calibration as one judgement.
 *
 * @throws {SemcacheError} `model-unusable`: the calibration was fitted with other models or another guard
 */
export function createMatcher(options: MatcherOptions): PromptMatcher {
  const { embedder, verifier, guard, calibration, maxPromptTokens, guardOn, verifierOn } = options;
  assertCalibrated(options);
  const judge: PairJudge = { calibration, guard, guardOn, verifierOn, similarityFloor: options.similarityFloor };
  const memo = new VerdictMemo<Remembered>(options.memoSize ?? 10_000);
  const barOf = (maxErrorRate = options.maxErrorRate) =>
    barFor(calibration, Math.min(maxErrorRate, options.maxErrorRate));

  async function prepare(prompt: string, signal?: AbortSignal): Promise<PreparedPrompt> {
    const reason = exactOnlyByText(prompt);
    if (reason) return { kind: "exact-only", reason };
    const [embedding] = await embedder.embed([prompt], signal);
    return toPrepared(embedding, maxPromptTokens);
  }

  async function judgeCandidates(
    prompt: string,
    candidates: readonly MatchCandidate[],
    { maxErrorRate, signal }: JudgeOptions,
  ): Promise<CandidateVerdict> {
    const callers = maxErrorRate ?? options.maxErrorRate;
    const barOfOne = (candidate: MatchCandidate) => barOf(Math.min(callers, candidate.maxErrorRate ?? callers));
    // The nearest explains a miss; of the others only those are read that could pass.
    const hopeful = candidates.filter((candidate, index) => {
      const pair = { a: candidate.promptText, b: prompt };
      if (index === 0 || isOverWindow(pair, verifier.maxTokens)) return true;
      return isHopeful(judge, pair, candidate.similarity, barOfOne(candidate));
    });
    let nearest: { readonly candidate: MatchCandidate; readonly judgement: Judgement } | null = null;
    for (let from = 0; from < hopeful.length; from = from === 0 ? FIRST_WAVE : hopeful.length) {
      const wave = hopeful.slice(from, from === 0 ? FIRST_WAVE : undefined);
      const known = await consult(prompt, wave, barOfOne, signal);
      for (const [index, candidate] of wave.entries()) {
        const { examined, opinion } = known[index] as Remembered;
        // Its cosine is the one that the confidence came from: the window's, where one was compared.
        const judgement: Judgement = {
          ...conclude(judge, examined, opinion, barOfOne(candidate)),
          compared: examined.isWindow ? "window" : "prompts",
        };
        if (judgement.verdict === "hit") return { kind: "hit", candidate, judgement };
        nearest ??= { candidate, judgement };
      }
    }
    if (nearest === null) return { kind: "miss", reason: "no-candidate", candidate: null, judgement: null };
    return { kind: "miss", reason: nearest.judgement.reason ?? "verifier-low", ...nearest };
  }

  /** Guard and, for those that it lets pass, one batch of the verifier; remembered. */
  async function consult(
    prompt: string,
    wave: readonly MatchCandidate[],
    barOfOne: (candidate: MatchCandidate) => number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Remembered[]> {
    const known = await Promise.all(
      wave.map((candidate) => memo.get(candidate, prompt) ?? examinePair(prompt, candidate, signal)),
    );
    const open = known.filter(({ examined, opinion }, index) => {
      const candidate = wave[index];
      return opinion.kind === "not-asked" && candidate && needsVerifier(judge, examined, barOfOne(candidate));
    });
    const logits =
      open.length === 0
        ? []
        : await verifier.score(
            open.map(({ examined }) => examined.pair),
            signal,
          );
    return known.map((each, index) => {
      const asked = open.indexOf(each);
      const logit = logits[asked];
      const opinion: Opinion =
        asked < 0 || logit === undefined
          ? each.opinion
          : logit === null
            ? { kind: "too-long" }
            : { kind: "logit", logit };
      const remembered = { examined: each.examined, opinion };
      const candidate = wave[index];
      if (candidate) memo.set(candidate, prompt, remembered);
      return remembered;
    });
  }

  async function examinePair(
    prompt: string,
    { promptText, similarity }: MatchCandidate,
    signal: AbortSignal | undefined,
  ): Promise<Remembered> {
    const pair = { a: promptText, b: prompt };
    const whole = examine(judge, pair, similarity);
    const isReadable = !isOverWindow(pair, verifier.maxTokens);
    const examined = isReadable ? whole : await examineWindow(whole, signal);
    return { examined, opinion: { kind: "not-asked" } };
  }

  /** Of two prompts that are longer than the verifier reads, what they ask, if that is where they differ. */
  async function examineWindow(whole: Examined, signal: AbortSignal | undefined): Promise<Examined> {
    const window = needsVerifier(judge, whole, 0) ? toCompareWindow(whole.pair) : null;
    if (window === null) return whole;
    const narrow = examine(judge, window, whole.similarity);
    const examined = { ...narrow, findings: [...whole.findings, ...narrow.findings], isWindow: true };
    if (!needsVerifier(judge, examined, 0)) return examined;
    // The cosine of the long prompts tells next to nothing: the shared rest drowns what differs.
    const [a, b] = await embedder.embed([window.a, window.b], signal);
    if (a?.kind !== "embedded" || b?.kind !== "embedded") return whole;
    return { ...examined, similarity: dotProduct(a.vector.values, b.vector.values) };
  }

  return Object.freeze({
    id: digestParts([
      embedder.id,
      verifier.id,
      guard.id,
      JSON.stringify(calibration),
      JSON.stringify([guardOn, verifierOn]),
    ]),
    embedderId: embedder.id,
    prepare,
    judge: judgeCandidates,
    async compare(a: string, b: string, judgeOptions: JudgeOptions = {}) {
      // The exact key answers equal prompts, whatever they are.
      if (a === b)
        return {
          verdict: "hit",
          reason: null,
          similarity: 1,
          compared: "prompts",
          verifier: null,
          confidence: 1,
          threshold: null,
          guard: [],
        } as const;
      const reason = exactOnlyByText(b) ?? exactOnlyByText(a);
      if (reason) return missFor(reason);
      const [stored, asked] = (await embedder.embed([a, b], judgeOptions.signal)).map((each) =>
        toPrepared(each, maxPromptTokens),
      );
      if (asked?.kind !== "comparable") return missFor(asked?.reason ?? "unavailable");
      if (stored?.kind !== "comparable") return missFor(stored?.reason ?? "unavailable");
      const similarity = dotProduct(stored.vector.values, asked.vector.values);
      // Its own id: what a lookup remembers of an entry is not touched.
      const verdict = await judgeCandidates(b, [{ id: "compare", promptText: a, similarity }], judgeOptions);
      return verdict.judgement ?? missFor("no-candidate");
    },
    forget: (entryId: string) => memo.forget(entryId),
  });
}

function assertCalibrated({ embedder, verifier, guard, calibration, verifierOn }: MatcherOptions): void {
  for (const [part, fitted, actual] of [
    ["embedder", calibration.embedder, embedder.id],
    ["verifier", calibration.verifier, verifierOn ? verifier.id : calibration.verifier],
    ["guard", calibration.guard, guard.id],
  ] as const)
    if (fitted !== actual)
      throw new SemcacheError(
        "model-unusable",
        `Cannot use the calibration: it was fitted with the ${part} ${fitted}, and this one is ${actual}`,
      );
}

function toPrepared(embedding: Embedding | undefined, maxPromptTokens: number): PreparedPrompt {
  if (embedding === undefined) return { kind: "exact-only", reason: "unavailable" };
  const reason = exactOnlyByTokens(embedding.tokens, maxPromptTokens);
  if (reason) return { kind: "exact-only", reason };
  if (embedding.kind === "too-long") return { kind: "exact-only", reason: "too-long" };
  return { kind: "comparable", vector: embedding.vector };
}

function missFor(reason: MissReason): Judgement {
  return { verdict: "miss", reason, similarity: null, verifier: null, confidence: null, threshold: null, guard: [] };
}
