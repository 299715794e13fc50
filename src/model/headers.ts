/**
 * The headers between a caller and Semcache: one table, from which the header policy, the reading of directives and
 * docs/reference/headers.md are made. In lower case. `value` is what may stand there.
 */
interface HeaderMeaning {
  readonly value: string;
  readonly meaning: string;
}

/** What a caller tells Semcache. None of them reaches a provider. */
export const requestHeaders = {
  "x-llm-proxy-host": {
    value: "URL of a host",
    meaning: "Send the request to this host, with path and query as they are; upstream.allow says which may be named",
  },
  "x-llm-proxy-upstream": {
    value: "URL",
    meaning: "Send the request to exactly this URL; wins over x-llm-proxy-host",
  },
  "x-llm-prompt": {
    value: "JSONPath (RFC 9535)",
    meaning:
      "Where the prompt is in the body: one string, or one array of text parts; the last user message by default",
  },
  "x-llm-proxy-prompt": { value: "JSONPath (RFC 9535)", meaning: "Another name of x-llm-prompt" },
  "cache-control": {
    value:
      "no-store, no-cache, max-age=N, only-if-cached, max-stale[=N], stale-if-error[=N], stale-while-revalidate[=N]",
    meaning:
      "As in RFC 9111 and RFC 5861: neither read nor store; ask the provider and replace the entry; only entries younger than N seconds; 504 rather than asking the provider; what may be served stale",
  },
  "x-semcache-mode": {
    value: "semantic, exact, refresh, off",
    meaning: "How to look: as configured, equal requests only, not at all but store, not at all",
  },
  "x-semcache-ttl": {
    value: "whole seconds",
    meaning: "How long the answer may be kept, at most cache.max_ttl; 0: do not store",
  },
  "x-semcache-namespace": {
    value: "1 to 128 of A-Z a-z 0-9 . _ : / @ + = ~ -",
    meaning: "A cache of its own within the tenant",
  },
  "x-semcache-tags": {
    value: "up to 32, with commas between them",
    meaning: "Marks on the entry, to find and remove it by",
  },
  "x-semcache-max-error": {
    value: "0 to 1",
    meaning: "matching.max_error_rate for this request; what is looser than the configuration has no effect",
  },
} as const satisfies Record<string, HeaderMeaning>;

/** What Semcache tells a caller. A provider's headers of these names are not passed on. */
export const responseHeaders = {
  "x-cache-status": {
    value: "hit, miss, stale, bypass",
    meaning: "Answered from the cache; by the provider; from the cache past its time; by the provider without a lookup",
  },
  "x-semcache-request": { value: "UUID", meaning: "Always: the id of the request in log, decisions and feedback" },
  "x-semcache-reason": { value: "code", meaning: "On a miss or bypass: why; reference/reasons.md has the codes" },
  "x-semcache-match": { value: "exact, semantic", meaning: "On a hit: whether the prompts were equal" },
  "x-semcache-entry": { value: "UUID", meaning: "On a hit: the entry" },
  "x-semcache-similarity": { value: "-1 to 1", meaning: "On a hit: cosine of the two prompts" },
  "x-semcache-confidence": {
    value: "0 to 1",
    meaning: "On a hit: calibrated probability that the answer may be shared",
  },
  "x-semcache-stale": {
    value: "code",
    meaning: "On a stale answer: why it was given; reference/reasons.md has the codes",
  },
  "x-semcache-frame": {
    value: "8 hexadecimal digits",
    meaning: "Of everything but the prompt: requests that differ in it can never share an answer",
  },
  "x-semcache-saved-tokens": {
    value: "count",
    meaning: "On a hit: tokens that the provider did not have to produce again",
  },
  "x-semcache-usage": { value: "unknown", meaning: "On a hit whose answer did not tell its tokens" },
  "x-semcache-error": {
    value: "code",
    meaning: "On an error of Semcache's own; reference/errors.md has the codes",
  },
} as const satisfies Record<string, HeaderMeaning>;

/** Names of HTTP and of the SDKs that Semcache sets too; a provider's own pass through. */
export const sharedResponseHeaders = {
  age: { value: "seconds", meaning: "On a hit: since the answer was recorded (RFC 9111, 5.1)" },
  "x-should-retry": {
    value: "false",
    meaning: "On an error of Semcache's own that a retry cannot mend; the SDKs of OpenAI and Anthropic heed it",
  },
  "retry-after": { value: "seconds", meaning: "On a 503 of Semcache's own: when to come back" },
} as const satisfies Record<string, HeaderMeaning>;

export type RequestHeaderName = keyof typeof requestHeaders;
