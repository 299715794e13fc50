/** `x-semcache-reason` on a miss: a lookup was made (or skipped on request) and nothing could be served. */
export const missReasons = {
  "frame-new":
    "Nothing is stored for this frame (model, system, history, tools, parameters, headers) in this tenant, namespace and provider",
  "no-candidate": "The frame is known, and no earlier prompt in it comes near",
  "guard-number": "The prompts differ in a number, unit, currency or range",
  "guard-date": "The prompts differ in a date or time",
  "guard-name": "The prompts differ in a named person, place or thing",
  "guard-negation": "One prompt negates what the other asks",
  "guard-opposite": "The prompts use opposite words",
  "guard-order": "The prompts name the same things in another direction or order",
  "guard-question": "The prompts ask another question (who, when, why...)",
  "guard-quote": "The prompts differ in quoted text",
  "guard-code": "The prompts differ in code, a flag, a path, a version or a URL",
  "guard-demand": "The prompts demand another form of answer (language, format, length, audience)",
  "guard-word": "The prompts are equal but for a word or phrase that takes another's place",
  "guard-text": "Text that is hidden or disguised, speaks to what compares, or adds a second request",
  "guard-reported": "An audit or somebody's feedback called this answer wrong for this prompt, or too often for others",
  "verifier-low": "The verifier's confidence is under the bar",
  expired: "The entry that would have answered has expired",
  volatile: "The prompt asks about now; such prompts match exactly only, and briefly",
  "too-long": "The prompt is longer than the models were measured for",
  image: "The prompt has a part that is not text; such requests match exactly only",
  "tool-use": "The conversation is amid a tool call; such requests match exactly only",
  "unknown-language": "The prompt is in a language that the model was not trained on",
  "multiple-choices": "n > 1; such requests match exactly only",
  refresh: "The caller asked for a fresh answer",
  joined: "The request shared the answer of an equal request already in flight",
  "no-conversion": "The stored answer cannot be given in the form that was asked for",
  "lookup-timeout": "The lookup passed matching.timeout",
  overloaded: "More than matching.max_queue lookups were waiting",
  unavailable:
    "The cache had a fault, or its models or entries were still being loaded; the request went to the provider",
  shadow: "cache.mode is shadow: lookups are made and never served",
} as const;
export type MissReason = keyof typeof missReasons;

/** `x-semcache-reason` on a bypass: no lookup was made and nothing is stored. */
export const bypassReasons = {
  off: "Caching is off for this request (cache.mode, x-semcache-mode, cache.max_temperature)",
  "no-store": "cache-control: no-store",
  "no-tenant": "cache.tenancy names a header, and the request has none",
  stateful: "The answer depends on state that is not in the request (server-side tools, web search, audio, containers)",
  "unreadable-body": "The body is not a request of this route's API that can be compared safely",
  "encoded-body": "The request body has a content-encoding",
  "too-large": "The body is larger than cache.max_request",
  "other-route": "Requests of this path are relayed, not cached",
  browser: "The request has an Origin header; browsers are not served from the cache",
} as const;
export type BypassReason = keyof typeof bypassReasons;

/** Why a provider's answer did not become an entry; in log and metrics only. */
export const notStoredReasons = {
  "not-cacheable": "The request was a bypass",
  status: "The provider's status is not 2xx",
  incomplete: "The answer ended before the dialect's terminal event",
  malformed: "The answer has not the dialect's shape, or an encoding that cannot be decoded",
  "finish-reason": "A finish reason that is not known to be final and repeatable",
  empty: "The answer has no content",
  "error-in-body": "A 2xx answer with an error inside",
  "server-tools": "The answer has server tool blocks, web citations or audio",
  "unsupported-content": "The route stores only complete JSON",
  "too-large": "The answer is larger than cache.max_entry",
  "client-gone": "Every reader left before the answer was complete",
  "ttl-zero": "x-semcache-ttl: 0, or cache.ttl: 0",
  shadow: "cache.mode is shadow, and an entry would have answered: a hit stores nothing",
  "invalidated-meanwhile": "An invalidation happened while the answer was recorded",
  "store-busy": "64 MiB of answers are on their way into the store already: the disk hangs, or more come than it takes",
  "store-loading": "The store was still taking up its entries after the start",
  "store-failed": "The store could not keep it",
} as const;
export type NotStoredReason = keyof typeof notStoredReasons;

/** `x-semcache-stale` on an answer that is past its time: why it was given all the same. */
export const staleCauses = {
  "provider-unreachable": "No connection to the provider (refused, unknown name, TLS, upstream.timeouts.connect)",
  "provider-timeout": "The provider had not begun its answer when upstream.timeouts.headers passed",
  "provider-broken": "The connection broke before the provider's answer began, or what came was not HTTP",
  "provider-5xx": "The provider answered 5xx (501 and 505 apart, which are about the request)",
  revalidating: "Served at once; the provider is asked in the background",
  "max-stale": "The caller takes it so: cache-control: max-stale",
} as const;
export type StaleCause = keyof typeof staleCauses;
