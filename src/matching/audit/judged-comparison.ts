import type { AnswerJudge } from "./answer-judge.ts";
import type { AnswerComparer } from "./compare-answers.ts";

/** Asks the judge where the comparison that costs nothing cannot tell. */
export function createJudgedComparer(local: AnswerComparer, judge: AnswerJudge): AnswerComparer {
  return {
    async compare(pair, signal, trace) {
      const found = await local.compare(pair, signal);
      if (found.verdict !== "unsure") return found;
      const verdict = await judge.ask(pair, signal, trace);
      return verdict === "unsure" ? found : { verdict, by: "judge" };
    },
  };
}
