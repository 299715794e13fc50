import { toCanonicalJson } from "../../base/canonical-json.ts";
import { dotProduct } from "../../base/dot-product.ts";
import type { JsonValue } from "../../base/json.ts";
import type { Embedder } from "../../embedding/embedder.ts";
import type { Guard } from "../guard.ts";
import { exactOnlyByTokens } from "../limits/prompt-limits.ts";
import type { HitVerdict } from "./trust.ts";

export interface AnswerComparer {
  /**
   * Whether the answer that was served says what the provider says now. `unsure` where neither can be told: two free
   * texts may say the same in very different words.
   */
  compare(served: string, fresh: string, signal?: AbortSignal): Promise<HitVerdict>;
}

/** From here on two answers are taken for the same, if they contradict each other in nothing that the guard sees. */
const SAME_COSINE = 0.85;
/** Under this they are about different things. */
const OTHER_COSINE = 0.5;
/** Short answers are facts: there a number, name or negation that differs is another answer. */
const SHORT_WORDS = 40;
/** Longer answers are compared by equality only: all of this runs on the thread that serves requests. */
const MAX_COMPARED_CHARS = 100_000;

const factual: ReadonlySet<string> = new Set(["guard-number", "guard-date", "guard-name", "guard-negation"]);

/** Equal after normalisation, or equal as JSON, or judged by the embedder and the guard. */
export function createAnswerComparer({
  embedder,
  guard,
}: {
  readonly embedder: Pick<Embedder, "embed">;
  readonly guard: Guard;
}): AnswerComparer {
  return {
    async compare(served, fresh, signal) {
      if (served === fresh) return "right";
      if (served.length > MAX_COMPARED_CHARS || fresh.length > MAX_COMPARED_CHARS) return "unsure";
      const [a, b] = [normalize(served), normalize(fresh)];
      if (a === b) return "right";
      const [left, right] = [parse(served), parse(fresh)];
      if (left !== null && right !== null && toCanonicalJson(left) === toCanonicalJson(right)) return "right";
      // One is JSON and the other is not: the form that was demanded was not kept.
      if ((left === null) !== (right === null)) return "wrong";
      const [one, other] = await embedder.embed([served, fresh], signal);
      if (one?.kind !== "embedded" || other?.kind !== "embedded") return "unsure";
      // What the model cannot read is all the same to it.
      if ([one, other].some(({ tokens }) => exactOnlyByTokens(tokens, Number.POSITIVE_INFINITY))) return "unsure";
      const similarity = dotProduct(one.vector.values, other.vector.values);
      if (similarity < OTHER_COSINE) return "wrong";
      const contradicts = guard
        .compare({ a: served, b: fresh })
        .some(({ code, effect }) => effect !== "note" && factual.has(code));
      if (similarity >= SAME_COSINE && !contradicts) return "right";
      return contradicts && isShort(a) && isShort(b) ? "wrong" : "unsure";
    },
  };
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

function isShort(normalized: string): boolean {
  return normalized.split(" ").length <= SHORT_WORDS;
}

/** Null: no JSON object or array. */
function parse(text: string): JsonValue | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}
