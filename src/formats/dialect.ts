import type { AnswerForm, AnswerShape, RecordedAnswer, StoredAnswer, Usage } from "../model/answer.ts";
import type { DialectName } from "../model/dialect-name.ts";
import type { Interpretation } from "../model/interpretation.ts";
import type { JsonValue } from "../base/json.ts";
import type { NotStoredReason } from "../model/reason.ts";
import type { SemcacheError } from "../base/errors.ts";
import type { PromptPath } from "./prompt-path.ts";

/** One wire format of requests and answers. Pure: no input or output, no state. */
export interface Dialect {
  readonly name: DialectName;
  /** Splits a parsed body into prompt and frame. @throws {SemcacheError} `prompt-path-no-match` */
  interpret(body: JsonValue, options: InterpretOptions): Interpretation;
  /** May this recorded answer become an entry? */
  examine(answer: RecordedAnswer): Examination;
  /** What the provider says that it counted, also of an answer that is refused or was cut; null: it does not say. */
  usageOf(answer: Pick<RecordedAnswer, "shape" | "body">): Usage | null;
  /** The stored answer in the form that a request asked for. Null: `no-conversion`. */
  replay(answer: StoredAnswer, form: AnswerForm): Replay | null;
  /** The body of one of our own errors as this dialect's SDKs expect it; content-type is application/json. */
  encodeError(error: SemcacheError): string;
}

export interface InterpretOptions {
  /** `x-llm-prompt`; null: the dialect's own rule (the last user message). */
  readonly promptPath: PromptPath | null;
  /** `cache.ignore_fields` of this dialect: more top-level fields that cannot change an answer. */
  readonly ignoreFields: readonly string[];
}

export type Examination =
  | {
      readonly kind: "storable";
      /** `body` normalised for storage: for streams the data events without comments, pings and timing. */
      readonly body: Buffer;
      /** False: may answer equal requests only (cut off by length, refusals, tool calls). */
      readonly semantic: boolean;
      readonly usage: Usage | null;
      readonly finishReason: string | null;
      /** The text of the answer, for people and for comparing answers. */
      readonly text: string;
    }
  | { readonly kind: "refused"; readonly reason: NotStoredReason };

export interface Replay {
  readonly shape: AnswerShape;
  readonly contentType: string;
  readonly body: Buffer;
}
