/** The form of an answer on the wire: one JSON document, or a stream of server-sent events. */
export type AnswerShape = "json" | "stream";

/** What the request asked for. */
export interface AnswerForm {
  readonly shape: AnswerShape;
  /** OpenAI's `stream_options.include_usage`. */
  readonly includeUsage: boolean;
}

/** Tokens as the provider counted them. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
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
