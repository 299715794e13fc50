import type { DeskDecision } from "../dashboard/desk-api.ts";
import { toPromptMarks } from "../dashboard/prompt-marks.ts";
import type { Decision } from "../telemetry/decisions.ts";

/** A decision as the page gets it: where its prompts are kept, with what differs in them. */
export function toDeskDecision(decision: Decision): DeskDecision {
  const { prompts, guard } = decision;
  return { ...decision, prompts: prompts && { ...prompts, marks: toPromptMarks({ ...prompts, guard }) } };
}
