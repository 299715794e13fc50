import type { Usage } from "../model/answer.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import type { MissReason } from "../model/reason.ts";
import type { ExchangePath } from "../transfer/import-line.ts";

/** What a line of a log can be, and how that is told. */
export const logKinds = {
  entry: ["exported Semcache entry", "exported Semcache entries"],
  "request-log": ["line of Semcache's request log", "lines of Semcache's request log"],
  exchange: ["request with its answer", "requests with their answers"],
  "openai-body": ["OpenAI request body", "OpenAI request bodies"],
  "anthropic-body": ["Anthropic request body", "Anthropic request bodies"],
  "openai-batch": ["request of an OpenAI batch", "requests of OpenAI batches"],
  "anthropic-batch": ["request of an Anthropic batch", "requests of Anthropic batches"],
  pair: ["request of labelled pairs", "requests of labelled pairs"],
  row: ["row with a prompt", "rows with a prompt"],
} as const satisfies Readonly<Record<string, readonly [one: string, many: string]>>;
export type LogKind = keyof typeof logKinds;

/** One request as a log tells of it. */
export interface LoggedRequest {
  readonly kind: LogKind;
  readonly asked: AskedBody | AskedBefore;
  /** Milliseconds since the Unix epoch; null: not told. */
  readonly timeMs: number | null;
  readonly tokens: LoggedTokens | null;
  readonly answer: LoggedAnswer | null;
  readonly label: AnswerLabel;
}

/** A request body, to be read as the proxy reads it. */
export interface AskedBody {
  readonly kind: "body";
  readonly path: ExchangePath;
  /** JSON as it was written. */
  readonly text: string;
  /** Whose request it is, where the log says so. */
  readonly tenant: string | null;
}

/** A request that Semcache has read before: only what it noted is known. */
export interface AskedBefore {
  readonly kind: "before";
  readonly partition: PartitionKey;
  readonly exactKey: ExactKey;
  readonly prompt: string;
  readonly model: string | null;
  /** Why it matches equal requests only; null: not known to. */
  readonly exactOnly: MissReason | null;
}

export interface LoggedTokens {
  readonly total: number;
  /** Null: only their sum is known, which has no price. */
  readonly usage: Usage | null;
}

export type LoggedAnswer =
  /** As the provider sent it. */
  | { readonly kind: "body"; readonly status: number; readonly text: string }
  /** What it said. */
  | { readonly kind: "text"; readonly text: string };

/** What is known of the right answer, whatever was answered: two requests may share an answer if their labels do. */
export type AnswerLabel =
  | { readonly kind: "none" }
  /** Any of them is right. */
  | { readonly kind: "answers"; readonly keys: readonly string[] }
  /** Marked as having no answer among the others: different from all that have one. */
  | { readonly kind: "outside" };

/** A line of a log: one or more requests, nothing of use, or what is wrong with it. */
export type ReadLine =
  | { readonly kind: "requests"; readonly requests: readonly LoggedRequest[] }
  | { readonly kind: "skipped"; readonly why: string }
  | { readonly kind: "unreadable"; readonly why: string };

export interface ReadOptions {
  /** The member or column that holds the prompt; null: the first of {@link promptNames} that is there. */
  readonly promptName: string | null;
  /** The member or column that labels right answers; null: `answer_id`, `label`, `answers`, `answer`. */
  readonly labelName: string | null;
}

/** Members and columns that are taken for the prompt. */
export const promptNames = ["prompt", "text", "question", "query", "message"] as const;
