import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import { isLabel, MAX_TAGS } from "../cache/directives.ts";
import type { CacheEntry, EntryActivity, PromptVector } from "../model/cache-entry.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import { describeIssue } from "./line-issue.ts";

/*
 * An entry as one line of JSON, version 1. Times are milliseconds since the Unix epoch; keys and tenant are the digests
 * of the deployment that wrote it, whose mark is `deployment`. `hits` and `last_used_at_ms` are for people.
 */

const ENTRY_VERSION = 1;

/** What goes into a header of an answer. */
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]{0,1000}$/, { error: "is not a header's value" });
const digest = z.string().regex(/^[\w-]{43}$/, { error: "is not a SHA-256 digest in base64url" });
const label = z.string().refine(isLabel, { error: "must be 1 to 128 letters, digits and . _ : / @ + = ~ -" });
const base64 = z
  .string()
  .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, { error: "is not base64" });
const wellFormed = z.string().refine((text) => text.isWellFormed(), { error: "has a lone surrogate" });
const amount = z.number().nonnegative();

const entryLine = z
  .strictObject({
    semcache_entry: z.literal(ENTRY_VERSION),
    deployment: z.string().max(64).optional(),
    id: z.uuid({ error: "is not a UUID" }),
    exact_key: digest,
    partition: digest,
    tenant: z.string().regex(/^[\w-]{1,64}$/, { error: "is not a tenant's id" }),
    namespace: label,
    dialect: z.enum(["openai-chat", "anthropic-messages", "generic-json", "cache-aside"]),
    upstream: z.string().max(10_000),
    model: z.string().max(10_000).nullable(),
    prompt: wellFormed,
    match: z.enum(["semantic", "exact"]),
    vector: z.strictObject({ embedder: z.string().min(1).max(1_000), base64 }).nullish(),
    answer: z.strictObject({
      shape: z.enum(["json", "stream"]),
      status: z.int().min(200).max(299),
      content_type: headerValue,
      openai_version: headerValue.nullable(),
      text: wellFormed.optional(),
      base64: base64.optional(),
    }),
    usage: z
      .strictObject({
        input_tokens: amount,
        output_tokens: amount,
        cached_input_tokens: amount.optional(),
        cache_write_tokens: amount.optional(),
        cache_write_hour_tokens: amount.optional(),
        reasoning_tokens: amount.optional(),
      })
      .nullable(),
    finish_reason: z.string().max(1_000).nullable(),
    provider_ms: amount,
    tags: z.array(label).max(MAX_TAGS),
    created_at_ms: amount,
    expires_at_ms: amount,
    hits: amount.optional(),
    last_used_at_ms: amount.optional(),
  })
  .refine(({ answer }) => (answer.text === undefined) !== (answer.base64 === undefined), {
    error: "must have either text or base64",
    path: ["answer"],
  });

/** An entry that was read from a line. */
export interface ReadEntry {
  /** `vector`: as it was written, not looked at but for its form. */
  readonly entry: CacheEntry;
  /** It could be found by meaning, whether or not its vector was written. */
  readonly isSemantic: boolean;
  /** Mark of the deployment that wrote it; null: not told. */
  readonly deployment: string | null;
}

export interface EncodeEntryOptions {
  readonly vectors: boolean;
  readonly deployment: string;
}

/** Without a line end. */
export function encodeEntryLine(
  entry: CacheEntry & Partial<EntryActivity>,
  { vectors, deployment }: EncodeEntryOptions,
): string {
  const { vector, answer, usage } = entry;
  const { body } = answer;
  return JSON.stringify({
    semcache_entry: ENTRY_VERSION,
    deployment,
    id: entry.id,
    exact_key: entry.exactKey,
    partition: entry.partition,
    tenant: entry.tenant,
    namespace: entry.namespace,
    dialect: entry.dialect,
    upstream: entry.upstream,
    model: entry.model,
    prompt: entry.promptText,
    match: vector === null ? "exact" : "semantic",
    ...(vectors && vector !== null && { vector: { embedder: vector.embedderId, base64: encodeValues(vector.values) } }),
    answer: {
      shape: answer.shape,
      status: answer.status,
      content_type: answer.contentType,
      openai_version: answer.openaiVersion,
      ...(isUtf8(body) ? { text: body.toString("utf8") } : { base64: body.toString("base64") }),
    },
    usage: usage && {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      cached_input_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      cache_write_hour_tokens: usage.cacheWriteHourTokens,
      reasoning_tokens: usage.reasoningTokens,
    },
    finish_reason: entry.finishReason,
    provider_ms: entry.providerMs,
    tags: entry.tags,
    created_at_ms: entry.createdAtMs,
    expires_at_ms: entry.expiresAtMs,
    hits: entry.hits,
    last_used_at_ms: entry.lastUsedAtMs,
  });
}

/**
 * @param line a parsed line with a `semcache_entry`
 * @throws {SemcacheError} `bad-request` with the field
 */
export function readEntryLine(line: unknown): ReadEntry {
  const parsed = entryLine.safeParse(line);
  if (!parsed.success) throw new SemcacheError("bad-request", describeIssue(parsed.error, "semcache_entry", 1));
  const { vector, answer, usage, ...read } = parsed.data;
  return {
    entry: {
      id: read.id,
      exactKey: read.exact_key as ExactKey,
      partition: read.partition as PartitionKey,
      tenant: read.tenant as TenantId,
      namespace: read.namespace,
      dialect: read.dialect,
      upstream: read.upstream,
      model: read.model,
      promptText: read.prompt,
      vector: vector ? { embedderId: vector.embedder, values: decodeValues(vector.base64) } : null,
      answer: {
        shape: answer.shape,
        status: answer.status,
        contentType: answer.content_type,
        openaiVersion: answer.openai_version,
        body: answer.text === undefined ? Buffer.from(answer.base64 ?? "", "base64") : Buffer.from(answer.text, "utf8"),
      },
      usage: usage && {
        inputTokens: usage.input_tokens,
        outputTokens: usage.output_tokens,
        ...(usage.cached_input_tokens !== undefined && { cachedInputTokens: usage.cached_input_tokens }),
        ...(usage.cache_write_tokens !== undefined && { cacheWriteTokens: usage.cache_write_tokens }),
        ...(usage.cache_write_hour_tokens !== undefined && { cacheWriteHourTokens: usage.cache_write_hour_tokens }),
        ...(usage.reasoning_tokens !== undefined && { reasoningTokens: usage.reasoning_tokens }),
      },
      finishReason: read.finish_reason,
      providerMs: read.provider_ms,
      tags: read.tags,
      createdAtMs: read.created_at_ms,
      expiresAtMs: read.expires_at_ms,
    },
    isSemantic: read.match === "semantic",
    deployment: read.deployment ?? null,
  };
}

/** Rounding of float32 in a sum of a few hundred squares, with much room. */
const LENGTH_TOLERANCE = 1e-3;

/**
 * A vector that is written for this embedder but cannot be its work would make every comparison with it wrong.
 *
 * @throws {SemcacheError} `bad-request`
 */
export function assertUnitVector({ values }: PromptVector, dimensions: number): void {
  if (values.length !== dimensions) {
    throw new SemcacheError("bad-request", `vector.base64 has ${values.length} values, its embedder ${dimensions}`);
  }
  let sum = 0;
  for (const value of values) sum += value * value;
  // NaN too.
  if (!(Math.abs(sum - 1) <= LENGTH_TOLERANCE)) {
    throw new SemcacheError("bad-request", `vector.base64 is not of unit length: the sum of its squares is ${sum}`);
  }
}

/** Little-endian, whatever this machine is. */
function encodeValues(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}

/** @throws {SemcacheError} `bad-request` */
function decodeValues(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length % 4 !== 0) {
    throw new SemcacheError("bad-request", `vector.base64 has ${bytes.length} bytes, not four for each value`);
  }
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
