import { hash } from "node:crypto";
import type { DialectName } from "../model/dialect-name.ts";
import type { FrameParts } from "../model/interpretation.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import { headerValues } from "./raw-headers.ts";

/** Part of every key: raised when the rules of interpretation or of keys change, so that old entries are not found. */
const FORMAT_VERSION = "1";

/** Provider headers that change answers. Lists of flags are compared without their order. */
const answerHeaders: readonly { readonly name: string; readonly isList: boolean }[] = [
  { name: "anthropic-version", isList: false },
  { name: "anthropic-beta", isList: true },
  { name: "openai-beta", isList: true },
  { name: "openai-organization", isList: false },
  { name: "openai-project", isList: false },
];
const answerHeaderNames: ReadonlySet<string> = new Set(answerHeaders.map(({ name }) => name));

export interface PartitionInput {
  readonly tenant: TenantId;
  readonly namespace: string;
  readonly dialect: DialectName;
  /** What the provider is asked, with the query. It is hashed only: credentials in it go nowhere else. */
  readonly url: URL;
  /** Names and values in turn, as in node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
  /** `cache.vary_headers`, in lower case. */
  readonly varyHeaders: readonly string[];
  /** `cache.ignore_fields` of the dialect. */
  readonly ignoreFields: readonly string[];
  readonly frame: FrameParts;
}

export type FramePart = keyof FrameParts | "headers";

export interface Partition {
  readonly partition: PartitionKey;
  /** 8 hex digits over dialect, frame and headers: equal for equal frames, whoever asks. */
  readonly frameDigest: string;
  /** Short digests, to name the part in which two frames differ. */
  readonly parts: Readonly<Record<FramePart, string>>;
}

/**
 * Everything that is compared by equality, as one key. Each part is hashed once and the digests are hashed again: long
 * histories are read a single time, and no part can run over into its neighbour.
 */
export function toPartitionKey(input: PartitionInput): Partition {
  const { tenant, namespace, dialect, url, rawHeaders, frame } = input;
  const varyHeaders = toSortedNames(input.varyHeaders.filter((name) => !answerHeaderNames.has(name)));
  const ignoreFields = toSortedNames(input.ignoreFields);
  const model = digest(frame.model);
  const system = digest(frame.system);
  const history = digest(frame.history);
  const tools = digest(frame.tools);
  const parameters = digest(frame.parameters);
  const headers = digest(toHeaderText(rawHeaders, varyHeaders));
  // Digests have one length, the dialect's name has no space: nothing here needs a length prefix.
  const frameHash = hash("sha256", `${dialect} ${model}${system}${history}${tools}${parameters}${headers}`, "hex");
  // An entry that was made when a header or field did not count stands for all its values: it must not be found by
  // requests without it once it does.
  const rules = varyHeaders.length + ignoreFields.length === 0 ? [] : [varyHeaders, ignoreFields];
  const key = JSON.stringify([FORMAT_VERSION, tenant, namespace, dialect, url.href, frameHash, ...rules]);
  return {
    partition: hash("sha256", key, "base64url") as PartitionKey,
    frameDigest: frameHash.slice(0, 8),
    parts: {
      model: model.slice(0, SHORT_DIGEST),
      system: system.slice(0, SHORT_DIGEST),
      history: history.slice(0, SHORT_DIGEST),
      tools: tools.slice(0, SHORT_DIGEST),
      parameters: parameters.slice(0, SHORT_DIGEST),
      headers: headers.slice(0, SHORT_DIGEST),
    },
  };
}

/**
 * @param prompt the blocks as they were sent: one block that holds a newline is not two blocks. Null: everything is
 * frame, the partition has this one entry.
 */
export function toExactKey(partition: PartitionKey, prompt: readonly string[] | null): ExactKey {
  return hash("sha256", JSON.stringify([partition, prompt]), "base64url") as ExactKey;
}

const SHORT_DIGEST = 11;
const EMPTY_DIGEST = hash("sha256", "", "base64url");

function digest(text: string): string {
  return text === "" ? EMPTY_DIGEST : hash("sha256", text, "base64url");
}

/** The headers that count, as JSON; the empty string where there are none. An absent header is not an empty one. */
function toHeaderText(rawHeaders: readonly string[], varyHeaders: readonly string[]): string {
  let present: string[][] | null = null;
  for (const { name, isList } of answerHeaders) {
    const values = headerValues(rawHeaders, name);
    if (values.length > 0) (present ??= []).push([name, ...(isList ? toSortedFlags(values) : values)]);
  }
  for (const name of varyHeaders) {
    const values = headerValues(rawHeaders, name);
    if (values.length > 0) (present ??= []).push([name, ...values]);
  }
  return present === null ? "" : JSON.stringify(present);
}

/** Each once; the order in which they are configured means nothing. */
function toSortedNames(names: readonly string[]): readonly string[] {
  return names.length === 0 ? names : [...new Set(names)].sort();
}

/** Several lines are one list (RFC 9110, 5.3). */
function toSortedFlags(values: readonly string[]): readonly string[] {
  return values
    .flatMap((value) => value.split(","))
    .map((flag) => flag.trim())
    .filter((flag) => flag !== "")
    .sort();
}
