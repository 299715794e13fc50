import { align, type Alignment } from "./alignment.ts";
import { compareAddedRequests } from "./compare-added-requests.ts";
import { compareLookalikes } from "./compare-lookalikes.ts";
import { compareStuffing } from "./compare-stuffing.ts";
import { compareMoods } from "./compare-moods.ts";
import { compareAsked } from "./compare-asked.ts";
import { compareCase } from "./compare-case.ts";
import { compareCode } from "./compare-code.ts";
import { compareSuperlatives } from "./compare-superlatives.ts";
import { compareConnectives } from "./compare-connectives.ts";
import { compareDates } from "./compare-dates.ts";
import { compareDemands } from "./compare-demands.ts";
import { compareJudgeInstructions } from "./compare-judge-instructions.ts";
import { compareLabels } from "./compare-labels.ts";
import { compareModals } from "./compare-modals.ts";
import { compareOperators } from "./compare-operators.ts";
import { compareOwners } from "./compare-owners.ts";
import { compareQuantifiers } from "./compare-quantifiers.ts";
import { compareSigns } from "./compare-signs.ts";
import { compareSpelling } from "./compare-spelling.ts";
import { compareVoice } from "./compare-voice.ts";
import { compareNesting } from "./compare-nesting.ts";
import { comparePersons } from "./compare-persons.ts";
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

type Check = (a: PromptText, b: PromptText, alignment: Alignment | null) => readonly Difference[];

const checks: readonly Check[] = [
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
  compareOwners,
  compareModals,
  compareQuantifiers,
  compareOperators,
  compareSigns,
  compareCase,
  compareSpelling,
  compareVoice,
  compareConnectives,
  compareLabels,
  compareMoods,
  comparePersons,
  compareNesting,
  compareLookalikes,
  compareStuffing,
  compareAddedRequests,
  compareJudgeInstructions,
];

/** Everything in which two prompts differ, as far as the guard's checks see it. */
export function toDifferencesOf(a: PromptText, b: PromptText): readonly Difference[] {
  if (a.canonical === b.canonical) return [];
  if (a.canonical.length > MAX_GUARDED_CHARS || b.canonical.length > MAX_GUARDED_CHARS)
    return [{ kind: "unread", a: "", b: "" }];
  const alignment = align(a, b);
  return checks.flatMap((check) => check(a, b, alignment));
}
