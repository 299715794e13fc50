import type { JsonValue } from "../base/json.ts";

/** Member names and array indexes from the body down to one value. */
export type Location = readonly (string | number)[];

/** `x-llm-prompt`: RFC 9535 JSONPath that selects the prompt in a request body. */
export interface PromptPath {
  /** As the caller wrote it. */
  readonly text: string;
  /**
   * Selected values with the location of each, in document order.
   *
   * @throws {SemcacheError} `prompt-path-no-match` where the search takes too many steps in this body
   */
  select(body: JsonValue): readonly { readonly value: JsonValue; readonly location: Location }[];
}
