/** The form of an answer on the wire: one JSON document, or a stream of server-sent events. */
export type AnswerShape = "json" | "stream";

/** What the request asked for. */
export interface AnswerForm {
  readonly shape: AnswerShape;
  /** OpenAI's `stream_options.include_usage`. */
  readonly includeUsage: boolean;
}

/**
 * Tokens as the provider counted them. The two totals count everything; the rest says what of it has a price of its own,
 * and is absent where the provider did not say or it is zero.
 */
export interface Usage {
  /** All that was sent, what came from or went into the provider's prompt cache included. */
  readonly inputTokens: number;
  /** All that was made, reasoning included. */
  readonly outputTokens: number;
  /** Of the input: read from the provider's prompt cache. */
  readonly cachedInputTokens?: number;
  /** Of the input: written into the provider's prompt cache. */
  readonly cacheWriteTokens?: number;
  /** Of what was written: to be kept for an hour instead of minutes (Anthropic). */
  readonly cacheWriteHourTokens?: number;
  /** Of the output: thought, not said. */
  readonly reasoningTokens?: number;
}

/** The members of {@link Usage} that may be absent. */
export const usageParts = ["cachedInputTokens", "cacheWriteTokens", "cacheWriteHourTokens", "reasoningTokens"] as const;
export type UsageParts = Pick<Usage, (typeof usageParts)[number]>;

/** All tokens of a call, each once. */
export function toTokenTotal({ inputTokens, outputTokens }: Usage): number {
  return inputTokens + outputTokens;
}

/** An answer as it arrived, decoded (no content-encoding). `json`: the body. `stream`: its data events, encoded anew. */
export interface RecordedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly shape: AnswerShape;
  readonly body: Buffer;
  /** The HTTP framing ended properly (content-length reached, last chunk seen). */
  readonly framingComplete: boolean;
}

/** The part of an answer that an entry keeps. Bodies are Buffers: they live outside V8's heap. */
export interface StoredAnswer {
  readonly shape: AnswerShape;
  readonly status: number;
  readonly contentType: string;
  /** `openai-version`, the only other provider header that is kept. */
  readonly openaiVersion: string | null;
  readonly body: Buffer;
}
