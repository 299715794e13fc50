import { freshId, type Call } from "./answer.ts";
import type { Fields } from "./body.ts";
import type { Utterance } from "./utterance.ts";

/** Providers that speak OpenAI's chat format, each with its own habits. */
export type ChatStyle = "openai" | "deepseek" | "mistral";

/** The model's name tells whose habits are imitated. */
export function styleOf(body: Fields): ChatStyle {
  const model = String(body["model"]);
  if (model.includes("deepseek")) return "deepseek";
  return /mistral|ministral|codestral|magistral/u.test(model) ? "mistral" : "openai";
}

/** What the JSON answer and the stream of one call have in common. */
export interface ChatCompletion {
  readonly call: Call;
  readonly style: ChatStyle;
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly Utterance[];
  readonly usage: Fields;
}

export function toolCallId(call: Call, style: ChatStyle, choice: number, position: number): string {
  if (style === "mistral") return freshId(call, "", 9, choice * 8 + position);
  return freshId(call, style === "openai" ? "call_" : "call_00_", 24, choice * 8 + position);
}

export function finishReasonOf(choice: Utterance): string {
  switch (choice.ending) {
    case "tools":
      return "tool_calls";
    case "refusal":
    case "stop_sequence":
      return "stop";
    default:
      return choice.ending;
  }
}

export function fingerprintOf(style: ChatStyle): string {
  return style === "openai" ? "fp_b376dfbbd5" : "fp_3a5770e1b4_prod0225";
}
