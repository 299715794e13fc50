import { compareAsked } from "./compare-asked.ts";
import { compareCode } from "./compare-code.ts";
import { compareSuperlatives } from "./compare-superlatives.ts";
import { compareDates } from "./compare-dates.ts";
import { compareDemands } from "./compare-demands.ts";
import { compareJudgeInstructions } from "./compare-judge-instructions.ts";
import { compareNames } from "./compare-names.ts";
import { compareNegation } from "./compare-negation.ts";
import { compareNumbers } from "./compare-numbers.ts";
import { compareOpposites } from "./compare-opposites.ts";
import { compareOrder } from "./compare-order.ts";
import { compareQuestions } from "./compare-questions.ts";
import { compareReplaced } from "./compare-replaced.ts";
import { compareQuotes } from "./compare-quotes.ts";
import type { Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

/** Longer prompts are not read: a pair of them shares an answer only when it is equal. */
export const MAX_GUARDED_CHARS = 8_000;

const checks = [
  compareNumbers,
  compareDates,
  compareNames,
  compareNegation,
  compareOpposites,
  compareOrder,
  compareQuestions,
  compareAsked,
  compareSuperlatives,
  compareQuotes,
  compareCode,
  compareDemands,
  compareReplaced,
  compareJudgeInstructions,
] as const;

/** Everything in which two prompts differ, as far as the guard's checks see it. */
export function toDifferencesOf(a: PromptText, b: PromptText): readonly Difference[] {
  if (a.canonical === b.canonical) return [];
  if (a.canonical.length > MAX_GUARDED_CHARS || b.canonical.length > MAX_GUARDED_CHARS)
    return [{ kind: "unread", a: "", b: "" }];
  return checks.flatMap((check) => check(a, b));
}
