/** The wire formats that Semcache reads. A new one is a folder under `formats/` and a line here. */
export type DialectName = "openai-chat" | "anthropic-messages" | "generic-json";
