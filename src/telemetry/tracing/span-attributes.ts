import type { Usage } from "../../model/answer.ts";
import { redactName, redactPath } from "../redacted-names.ts";
import type { RequestReport } from "../request-report.ts";
import { toProviderName } from "./provider-name.ts";
import type { TracedCall, TracedRequest } from "./tracing.ts";

// Names: OpenTelemetry semantic conventions 1.41 for HTTP, and those for generative AI (open-telemetry/semantic-conventions-genai,
// status "development"), as of November 2026; what is ours begins with `semcache.`. Attributes are chosen one by one, as in
// the log: no header, no query, no guarded words, no prompt, whatever telemetry.log_prompts says.

export type Attributes = { [name: string]: string | number | boolean | string[] };
type Wanted = { readonly [name: string]: string | number | boolean | readonly string[] | null | undefined };

/** Methods that may be the name of a span; the conventions want a closed list. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"]);

/** The name of a request's span, and what samplers may look at. */
export function toRequestStart({ method, route, target }: TracedRequest): { name: string; attributes: Attributes } {
  const path = redactPath(target.replace(/^https?:\/\/[^/?#]*/i, ""));
  // The path of a built-in route is one of a few; any other one is the caller's own.
  const isBuiltIn = route !== "other";
  return {
    name: isBuiltIn ? `${methodName(method)} ${path}` : methodName(method),
    attributes: present({
      ...methodAttributes(method),
      "url.scheme": "http",
      "url.path": path,
      "http.route": isBuiltIn ? path : null,
    }),
  };
}

/**
 * What a request came to. Its tokens are `semcache.usage.*`: `gen_ai.usage.*` is for calls that were made, and whoever adds
 * those up must count none twice, and none of a hit.
 */
export function toRequestAttributes(report: RequestReport): Attributes {
  const { dialect, upstream, usage } = report;
  return present({
    "http.response.status_code": report.status || null,
    "http.request.body.size": report.requestBytes,
    "http.response.body.size": report.responseBytes,
    "error.type": report.error ?? (report.status >= 500 ? String(report.status) : null),
    ...(dialect !== null && {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": toProviderName(upstream === null ? "" : new URL(upstream).hostname, dialect) || null,
      "gen_ai.request.model": redacted(report.model),
      "gen_ai.request.stream": report.stream || null,
    }),
    "semcache.request": report.id,
    "semcache.cache.status": report.cacheStatus,
    "semcache.match": report.match,
    "semcache.reason": report.reason,
    "semcache.stale": report.stale,
    "semcache.stored": report.stored || null,
    "semcache.not_stored": report.notStored,
    "semcache.entry": report.entry,
    "semcache.similarity": report.similarity,
    "semcache.verifier": report.verifier,
    "semcache.confidence": report.confidence,
    "semcache.threshold": report.threshold,
    "semcache.guard": report.guard.length === 0 ? null : report.guard.map(({ code }) => code),
    "semcache.frame": report.frame,
    "semcache.frame_difference": report.frameDifference,
    "semcache.tenant": report.tenant,
    "semcache.namespace": redacted(report.namespace || null),
    "semcache.usage.input_tokens": usage?.inputTokens,
    "semcache.usage.output_tokens": usage?.outputTokens,
    "semcache.saved.tokens": report.savedTokens,
    "semcache.saved.cost": report.savedCost,
    "semcache.saved.duration": toSeconds(report.savedMs),
    "semcache.time_to_first_byte": toSeconds(report.timeToFirstByteMs),
  });
}

/** The name of a provider call's span, and what samplers may look at. */
export function toCallStart({ method, url, dialect, model, stream }: TracedCall): {
  name: string;
  attributes: Attributes;
} {
  const server = {
    "server.address": url.hostname,
    "server.port": Number(url.port) || (url.protocol === "https:" ? 443 : 80),
  };
  if (dialect === null) {
    return { name: methodName(method), attributes: present({ ...methodAttributes(method), ...server }) };
  }
  const told = redacted(model);
  return {
    name: told === null ? "chat" : `chat ${told}`,
    attributes: present({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": toProviderName(url.hostname, dialect),
      "gen_ai.request.model": told,
      "gen_ai.request.stream": stream || null,
      ...methodAttributes(method),
      ...server,
    }),
  };
}

export function toCallAttributes(call: {
  readonly status: number | null;
  readonly usage: Usage | null;
  readonly error: string | null;
  /** Of a streamed answer. */
  readonly firstChunkMs: number | null;
}): Attributes {
  const { usage } = call;
  return present({
    "http.response.status_code": call.status,
    "error.type": call.error,
    "gen_ai.response.time_to_first_chunk": toSeconds(call.firstChunkMs),
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cachedInputTokens,
    "gen_ai.usage.cache_creation.input_tokens": usage?.cacheWriteTokens,
    "gen_ai.usage.reasoning.output_tokens": usage?.reasoningTokens,
  });
}

function methodAttributes(method: string): Wanted {
  return methods.has(method)
    ? { "http.request.method": method }
    : { "http.request.method": "_OTHER", "http.request.method_original": method };
}

function methodName(method: string): string {
  return methods.has(method) ? method : "HTTP";
}

function redacted(name: string | null): string | null {
  return name === null ? null : redactName(name);
}

function toSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

function present(wanted: Wanted): Attributes {
  const attributes: Attributes = {};
  for (const name in wanted) {
    const value = wanted[name];
    if (value !== null && value !== undefined) attributes[name] = value as Attributes[string];
  }
  return attributes;
}
