import type { JsonValue } from "../base/json.ts";

/** `x-llm-prompt`: RFC 9535 JSONPath that selects the prompt in a request body. */
export interface PromptPath {
  /** As the caller wrote it. */
  readonly text: string;
  /** Selected values with the location of each, in document order. */
  select(body: JsonValue): readonly { readonly value: JsonValue; readonly location: readonly (string | number)[] }[];
}
