import { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import { isJsonObject } from "../base/json.ts";
import { DEFAULT_NAMESPACE } from "../cache/cache-plan.ts";
import { isLabel, MAX_TAGS } from "../cache/directives.ts";
import type { ProxyRoute } from "../upstream/upstream-target.ts";
import { readEntryLine, type ReadEntry } from "./entry-line.ts";
import { describeIssue } from "./line-issue.ts";

/*
 * What an import takes, one JSON object a line, told apart by its first member:
 *
 *   semcache_entry     an entry as it was exported
 *   semcache_headers   the headers that the lines after it are asked with: credential, version, x-semcache-*
 *   semcache_put       a value under a key, as PUT /semcache/v1/put takes it
 *   semcache_exchange  a request and the provider's answer to it, both as text
 */

export type ImportLine =
  | ({ readonly kind: "entry" } & ReadEntry)
  /** Names and values in turn, as in node's `rawHeaders`; names in lower case. */
  | { readonly kind: "headers"; readonly rawHeaders: readonly string[] }
  | {
      readonly kind: "put";
      readonly key: string;
      readonly data: string;
      readonly ttlMs: number | null;
      readonly tags: readonly string[];
      readonly namespace: string;
    }
  | {
      readonly kind: "exchange";
      readonly route: ProxyRoute;
      readonly path: string;
      readonly request: string;
      readonly answer: { readonly status: number; readonly contentType: string; readonly text: string };
    };

/** The paths whose requests are read; all others are relayed by the proxy, and never kept. */
export const exchangeRoutes = {
  "/v1/chat/completions": "openai-chat-completions",
  "/v1/messages": "anthropic-messages",
} as const satisfies Readonly<Record<string, ProxyRoute>>;

export type ExchangePath = keyof typeof exchangeRoutes;

export function isExchangePath(path: string): path is ExchangePath {
  return Object.hasOwn(exchangeRoutes, path);
}

const label = z.string().refine(isLabel, { error: "must be 1 to 128 letters, digits and . _ : / @ + = ~ -" });
const wellFormed = z.string().refine((text) => text.isWellFormed(), { error: "has a lone surrogate" });
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/, { error: "is not a header's name" });
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: "is not a header's value" });

const headersLine = z.strictObject({
  semcache_headers: z.literal(1),
  headers: z.record(headerName, headerValue),
});
const putLine = z.strictObject({
  semcache_put: z.literal(1),
  key: wellFormed.min(1, { error: "is empty" }),
  data: wellFormed,
  ttl: z.number().positive({ error: "must be a positive number of seconds" }).optional(),
  tags: z.array(label).max(MAX_TAGS).default([]),
  namespace: label.default(DEFAULT_NAMESPACE),
});
const exchangeLine = z.strictObject({
  semcache_exchange: z.literal(1),
  path: z.string().refine(isExchangePath, { error: `must be ${Object.keys(exchangeRoutes).join(" or ")}` }),
  request: wellFormed,
  answer: z.strictObject({ status: z.int().min(100).max(599), content_type: headerValue, text: wellFormed }),
});

/** @throws {SemcacheError} `bad-request` with the field; the message has neither line number nor "Cannot" before it */
export function parseImportLine(text: string): ImportLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    throw new SemcacheError("bad-request", "it is not JSON");
  }
  if (!isJsonObject(line)) throw new SemcacheError("bad-request", "it is not a JSON object");
  if ("semcache_entry" in line) return { kind: "entry", ...readEntryLine(line) };
  if ("semcache_headers" in line) {
    const { headers } = check(headersLine, line, "semcache_headers");
    return {
      kind: "headers",
      rawHeaders: Object.entries(headers).flatMap(([name, value]) => [name.toLowerCase(), value]),
    };
  }
  if ("semcache_put" in line) {
    const { key, data, ttl, tags, namespace } = check(putLine, line, "semcache_put");
    return { kind: "put", key, data, ttlMs: ttl === undefined ? null : Math.round(ttl * 1000), tags, namespace };
  }
  if ("semcache_exchange" in line) {
    const { path, request, answer } = check(exchangeLine, line, "semcache_exchange");
    const { status, content_type: contentType, text: body } = answer;
    return {
      kind: "exchange",
      route: exchangeRoutes[path as ExchangePath],
      path,
      request,
      answer: { status, contentType, text: body },
    };
  }
  throw new SemcacheError("bad-request", "it has no semcache_entry");
}

function check<T>(schema: z.ZodType<T>, line: unknown, kind: string): T {
  const parsed = schema.safeParse(line);
  if (parsed.success) return parsed.data;
  throw new SemcacheError("bad-request", describeIssue(parsed.error, kind, 1));
}
