/** Top-level fields that cannot change an answer: how it travels, who asks, what it costs. */
export const ignoredRequestFields: ReadonlySet<string> = new Set([
  "stream", // the form of the answer; entries convert between forms
  "metadata", // user ids for abuse detection
  "service_tier", // priority of capacity
  "cache_control", // where the provider's own prompt cache may cut
]);

/** Ignored as a direct member of content blocks and tool definitions; inside `input` or a schema it is data. */
export const CACHE_CONTROL = "cache_control";

/** Fields that tie an answer to state on the provider's side, whatever their value but null and an empty list. */
export const statefulRequestFields: readonly string[] = [
  "container", // a code execution sandbox that lives on between requests
  "mcp_servers", // tools that the provider calls
  "context_management", // the provider edits the conversation before the model sees it
];

/** Tool types that the client runs and describes in the request. Any other type is the provider's: its answers vary. */
export const clientToolTypes: ReadonlySet<string> = new Set(["custom", "function"]);

/** Content blocks whose meaning is wholly in their text; any other block makes a request match exactly only. */
export const textualBlockTypes: ReadonlySet<string> = new Set([
  "text",
  "tool_use",
  "tool_result",
  "thinking",
  "redacted_thinking",
]);
