import { toCanonicalJson } from "../../base/canonical-json.ts";
import { dotProduct } from "../../base/dot-product.ts";
import { parseExactJson } from "../../base/exact-json.ts";
import type { Embedder } from "../../embedding/embedder.ts";
import type { CallTracer } from "../../telemetry/tracing/tracing.ts";
import type { Guard } from "../guard.ts";
import { exactOnlyByTokens } from "../limits/prompt-limits.ts";
import type { Verifier } from "../verifier.ts";
import type { HitVerdict } from "./trust.ts";

/** Two answers to one question. */
export interface AnswerPair {
  /** What was asked; empty where it is not known. */
  readonly question: string;
  /** What the cache served, or would have served. */
  readonly served: string;
  /** What the provider says. */
  readonly fresh: string;
}

/**
 * What a verdict rests on. `equality`: of texts but for case and marks, or of JSON. `form`: one answer is JSON or calls a tool,
 * and the other does not. `models`: embedder, guard and verifier. `judge`: a language model was asked.
 */
export const comparisonGrounds = ["equality", "form", "models", "judge"] as const;
export type ComparisonGround = (typeof comparisonGrounds)[number];

export interface AnswerComparison {
  readonly verdict: HitVerdict;
  readonly by: ComparisonGround;
}

export interface AnswerComparer {
  /**
   * Whether the answer that was served says what the provider says now. `unsure` where neither can be told: two free
   * texts may say the same in very different words.
   *
   * @param trace of what somebody else is asked for it
   */
  compare(pair: AnswerPair, signal?: AbortSignal, trace?: CallTracer): Promise<AnswerComparison>;
}

/*
 * Bounds on the mean of four logits of the verifier: both orders, with and without the question before the answers. Chosen on
 * test/fixtures/answers/fitted.jsonl; what they do on others is in docs/decisions/2026-11-23-comparing-answers.md.
 */
const SAME_LOGIT = 0.5;
const OTHER_LOGIT = -2.5;
/** Under this they are about different things, however long they are. */
const OTHER_COSINE = 0.3;
/** Longer answers are compared by equality only: all of this runs on the thread that serves requests. */
const MAX_COMPARED_CHARS = 100_000;

const WORD = /[\p{L}\p{N}]/u;

/** What keeps two answers from being called the same. Names are not among them: nearly every rewording moves one. */
const contradictions: ReadonlySet<string> = new Set([
  "guard-number",
  "guard-date",
  "guard-negation",
  "guard-opposite",
  "guard-code",
]);

/** Equal after normalisation, or equal as JSON, or judged by embedder, guard and verifier. */
export function createAnswerComparer({
  embedder,
  verifier,
  guard,
}: {
  readonly embedder: Pick<Embedder, "embed">;
  readonly verifier: Pick<Verifier, "score">;
  readonly guard: Guard;
}): AnswerComparer {
  async function askModels({ question, served, fresh }: AnswerPair, signal?: AbortSignal): Promise<HitVerdict> {
    // To the models all marks are alike.
    if (!WORD.test(served) || !WORD.test(fresh)) return "unsure";
    const [one, other] = await embedder.embed([served, fresh], signal);
    if (one?.kind !== "embedded" || other?.kind !== "embedded") return "unsure";
    // What the model cannot read is all the same to it.
    if ([one, other].some(({ tokens }) => exactOnlyByTokens(tokens, Number.POSITIVE_INFINITY))) return "unsure";
    if (dotProduct(one.vector.values, other.vector.values) < OTHER_COSINE) return "wrong";
    const [a, b] = [`${question} ${served}`, `${question} ${fresh}`];
    const pairs = [
      { a: served, b: fresh },
      { a: fresh, b: served },
      ...(question === ""
        ? []
        : [
            { a, b },
            { a: b, b: a },
          ]),
    ];
    const logits = await verifier.score(pairs, signal);
    // Longer than the verifier reads with the question; without it they may not be.
    const read = logits.filter((logit) => logit !== null);
    if (read.length === 0) return "unsure";
    const mean = read.reduce((sum, logit) => sum + logit, 0) / read.length;
    if (mean < OTHER_LOGIT) return "wrong";
    if (mean < SAME_LOGIT) return "unsure";
    const contradicts = guard
      .compare({ a: served, b: fresh })
      .some(({ code, effect }) => effect !== "note" && contradictions.has(code));
    return contradicts || longNumbers(served) !== longNumbers(fresh) ? "unsure" : "right";
  }

  return {
    async compare(pair, signal) {
      const { served, fresh } = pair;
      if (isEqualAnswer(served, fresh)) return { verdict: "right", by: "equality" };
      if (served.length > MAX_COMPARED_CHARS || fresh.length > MAX_COMPARED_CHARS) {
        return { verdict: "unsure", by: "equality" };
      }
      // One is JSON and the other is not: the form that was demanded was not kept.
      if (isJson(served) !== isJson(fresh)) return { verdict: "wrong", by: "form" };
      return { verdict: await askModels(pair, signal), by: "models" };
    },
  };
}

/** To the guard, which reckons with them, numbers of so many digits are alike that differ in the last ones. */
function longNumbers(text: string): string {
  const written = text.match(/\d[\d,.]{14,}\d/g) ?? [];
  return written
    .map((number) => number.replaceAll(",", ""))
    .filter((number) => number.replaceAll(".", "").length > 15)
    .sort()
    .join(" ");
}

/** But for case, marks at the end of words, emphasis and space; or as JSON, each number to its last digit. Of very long ones, to the letter. */
export function isEqualAnswer(served: string, fresh: string): boolean {
  if (served === fresh) return true;
  if (served.length > MAX_COMPARED_CHARS || fresh.length > MAX_COMPARED_CHARS) return false;
  if (normalize(served) === normalize(fresh)) return true;
  if (!isJson(served) || !isJson(fresh)) return false;
  const [left, right] = [parseExactJson(served), parseExactJson(fresh)];
  return left !== null && right !== null && toCanonicalJson(left) === toCanonicalJson(right);
}

/** Only what is never the answer: `C++` and `C#`, `-5` and `5`, `$5` and `5%` are not the same. */
function normalize(text: string): string {
  return (
    text
      .normalize("NFC")
      .toLowerCase()
      .replace(/\*\*|`/g, "")
      .replace(/[“”]/g, '"')
      .replace(/[‘’]/g, "'")
      // What comes next is no part of the expression, which would try each suffix of a long run of marks.
      .replace(/[.,;:!?]+/g, (marks, at: number, whole: string) =>
        /^\s?$/.test(whole.charAt(at + marks.length)) ? "" : marks,
      )
      .replace(/\s+/g, " ")
      .trim()
  );
}

/** An object or an array: a number or a word alone is text. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
