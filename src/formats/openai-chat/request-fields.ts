import type { JsonValue } from "../../base/json.ts";

/**
 * Top-level fields that cannot change an answer: transport (`stream`), bookkeeping (`user`, `metadata`, `store`,
 * `safety_identifier`), speed and price (`service_tier`, `prompt_cache_*`).
 */
export const IGNORED_FIELDS: ReadonlySet<string> = new Set([
  "stream",
  "stream_options",
  "user",
  "metadata",
  "store",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "prompt_cache_options",
]);

/** Members of a content part that cannot change an answer: a cache mark that gateways pass on to Anthropic. */
export const IGNORED_PART_FIELDS: ReadonlySet<string> = new Set(["cache_control"]);

/** Top-level fields of the frame's `tools` part. What is in no part by name is in `parameters`. */
export const TOOL_FIELDS: ReadonlySet<string> = new Set([
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "functions",
  "function_call",
]);

/**
 * Top-level fields that make the answer depend on what is not in the request: the web, files, a sandbox, a session.
 * Null and false switch them off.
 */
export const STATEFUL_FIELDS: ReadonlySet<string> = new Set([
  "web_search_options", // OpenAI, search models
  "audio", // OpenAI, spoken answers
  "container", // a sandbox with files
  "mcp_servers", // remote tools
  "context_management", // the provider edits the history
  "data_sources", // Azure, "on your data"
  "search_parameters", // xAI, live search
  "enable_search", // Qwen
  "plugins", // OpenRouter: web search, file parsing
]);

/** Types of tools that the client runs; every other type runs at the provider. */
export const CLIENT_TOOL_TYPES: ReadonlySet<JsonValue> = new Set(["function", "custom"]);

/** Top-level fields whose answers carry more than text, or are made from a guess: equal requests only. */
export const EXACT_ONLY_FIELDS: ReadonlySet<string> = new Set(["logprobs", "prediction"]);

/** Roles that open a conversation: the frame's `system` part. */
export const SYSTEM_ROLES: ReadonlySet<JsonValue> = new Set(["system", "developer"]);

/** For each role, whether `content` may be null or absent. A request with another role is not interpreted. */
export const ROLES: ReadonlyMap<JsonValue, { readonly contentRequired: boolean }> = new Map([
  ["system", { contentRequired: true }],
  ["developer", { contentRequired: true }],
  ["user", { contentRequired: true }],
  ["assistant", { contentRequired: false }],
  ["tool", { contentRequired: true }],
  ["function", { contentRequired: false }],
]);
