import type { DeskDecision, FeedbackTaken } from "../desk-api.ts";
import { DeskFault, sendFeedback } from "./api-client.ts";
import { noteVerdict } from "./decision-list.ts";
import { plural } from "./format.ts";
import { say, sayFault } from "./toasts.tsx";

/** Says of a hit that it was right or wrong, and tells what that did. The page says it once of each hit. */
export async function giveFeedback(decision: DeskDecision, verdict: "right" | "wrong"): Promise<DeskDecision> {
  try {
    const taken = await sendFeedback({ request: decision.id }, verdict);
    noteVerdict(decision.id, verdict);
    say(describe(taken, verdict));
    return { ...decision, feedback: verdict };
  } catch (error) {
    if (error instanceof DeskFault && error.status === 404)
      say("This hit can no longer be named: only the last 10,000 can. Delete its entry instead.", "failed");
    else sayFault("Your word did not arrive", error);
    return decision;
  }
}

function describe({ pairs, removed }: FeedbackTaken, verdict: "right" | "wrong"): string {
  if (verdict === "right")
    return pairs > 0
      ? "Noted as right. If this pair of prompts was barred, it is no longer; nothing else is loosened."
      : "Noted as right. It counts in the metrics and loosens nothing.";
  const done = [
    ...(pairs > 0 ? ["this answer is never served to this prompt again, and its entry is judged more strictly"] : []),
    ...(removed > 0 ? [`${plural(removed, "entry", "entries")} removed`] : []),
  ];
  return `Noted as wrong: ${done.join("; ") || "nothing was left to bar or remove"}.`;
}
