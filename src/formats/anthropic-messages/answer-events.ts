/** What a stop reason allows. One that is not here is never stored: it is not final, or nobody knows what it means. */
export const stopReasons: ReadonlyMap<string, "semantic" | "exact"> = new Map([
  ["end_turn", "semantic"],
  ["stop_sequence", "semantic"],
  ["tool_use", "exact"], // the caller acts on arguments that follow the prompt's every word
  ["max_tokens", "exact"], // cut off: where depends on the wording
]);

/** Content blocks that both forms can express. */
export const convertibleBlockTypes: ReadonlySet<string> = new Set([
  "text",
  "thinking",
  "redacted_thinking",
  "tool_use",
]);

/** Blocks that tell of work on the provider's side. Result blocks of tools to come are recognised by their ending. */
export const serverToolBlockTypes: ReadonlySet<string> = new Set([
  "server_tool_use",
  "web_search_tool_result",
  "web_fetch_tool_result",
  "code_execution_tool_result",
  "bash_code_execution_tool_result",
  "text_editor_code_execution_tool_result",
  "tool_search_tool_result",
  "mcp_tool_use",
  "mcp_tool_result",
  "container_upload",
]);
export const SERVER_TOOL_RESULT_ENDING = "_tool_result";

/** Citations of what the request itself contains; those of the web change with it. */
export const requestCitationTypes: ReadonlySet<string> = new Set([
  "char_location",
  "page_location",
  "content_block_location",
  "search_result_location",
]);
export const WEB_CITATION_PREFIX = "web_";

/** The block that a delta belongs to, and the only member that it has beside `type`. */
export const deltaTypes: ReadonlyMap<string, { readonly block: string; readonly member: string }> = new Map([
  ["text_delta", { block: "text", member: "text" }],
  ["citations_delta", { block: "text", member: "citation" }],
  ["input_json_delta", { block: "tool_use", member: "partial_json" }],
  ["thinking_delta", { block: "thinking", member: "thinking" }],
  ["signature_delta", { block: "thinking", member: "signature" }],
]);

/** The members of each event. One with others is kept as it came, and cannot be converted. */
export const eventMembers: ReadonlyMap<string, readonly string[]> = new Map([
  ["message_start", ["type", "message"]],
  ["content_block_start", ["type", "index", "content_block"]],
  ["content_block_delta", ["type", "index", "delta"]],
  ["content_block_stop", ["type", "index"]],
  ["message_delta", ["type", "delta", "usage", "context_management"]],
  ["message_stop", ["type"]],
]);

/** Members of the message that only `message_delta` can tell, because they are known when the answer ends. */
export const finalMembers: readonly string[] = ["stop_reason", "stop_sequence", "stop_details"];
/** Members of `message_delta.delta`. A null `container` says nothing new. */
export const messageDeltaMembers: readonly string[] = [...finalMembers, "container"];

/** Counters that `message_delta.usage` repeats as totals of the whole message. */
export const deltaUsageMembers: readonly string[] = [
  "input_tokens",
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
  "output_tokens",
  "output_tokens_details",
  "server_tool_use",
];
/** Of these, the ones that are not known when the message starts. */
export const finalUsageMembers: readonly string[] = ["output_tokens_details", "server_tool_use"];
