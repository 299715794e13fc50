import type { AnswerForm } from "./answer.ts";
import type { DialectName } from "./dialect-name.ts";
import type { MissReason } from "./reason.ts";

/**
 * Everything in the body but the prompt and the fields that cannot change an answer, as canonical JSON, split so that
 * "why does it never hit" can be answered with the part that differs. An absent part is the empty string.
 */
export interface FrameParts {
  readonly model: string;
  readonly system: string;
  readonly history: string;
  readonly tools: string;
  readonly parameters: string;
}

/** A body that was understood: prompt (compared by meaning) and frame (compared by equality). */
export interface InterpretedRequest {
  readonly kind: "interpreted";
  readonly dialect: DialectName;
  /** The text blocks of the prompt as they were sent; null where everything is frame. */
  readonly prompt: readonly string[] | null;
  /** Why only an equal request may be answered from the cache, as the reason given on a miss; null: by meaning too. */
  readonly exactOnly: MissReason | null;
  readonly frame: FrameParts;
  readonly model: string | null;
  readonly temperature: number | null;
  readonly form: AnswerForm;
}

/** A body that is relayed without a lookup. */
export interface UninterpretedRequest {
  readonly kind: "uninterpreted";
  readonly reason: "stateful" | "unreadable-body";
}

export type Interpretation = InterpretedRequest | UninterpretedRequest;
