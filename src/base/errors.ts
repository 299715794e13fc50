/**
 * Every error that Semcache itself raises has a code from this closed table. `status` is the HTTP status when the error
 * becomes an answer to a client (null: it never does), `retry` tells whether repeating the same request can help
 * (`x-should-retry: false` where not), `meaning` is the documentation line; `docs/errors.md` is checked against it.
 */
export const errorCodes = {
  "bad-request": {
    status: 400,
    retry: false,
    meaning: "The body or a parameter of one of Semcache's own APIs is wrong",
  },
  "directive-invalid": { status: 400, retry: false, meaning: "An x-semcache-* header has a value that is not allowed" },
  "prompt-path-invalid": { status: 400, retry: false, meaning: "x-llm-prompt is not RFC 9535 JSONPath" },
  "prompt-path-no-match": {
    status: 400,
    retry: false,
    meaning: "x-llm-prompt does not select one string or one array of text parts in this body",
  },
  "prompt-path-missing": { status: 400, retry: false, meaning: "The generic route needs x-llm-prompt" },
  "upstream-missing": {
    status: 400,
    retry: false,
    meaning: "The generic route needs x-llm-proxy-upstream or x-llm-proxy-host",
  },
  "upstream-invalid": {
    status: 400,
    retry: false,
    meaning: "The upstream address cannot be parsed or has no http(s) scheme",
  },
  unauthorized: {
    status: 401,
    retry: false,
    meaning: "The admin API needs `authorization: Bearer` with server.admin_token",
  },
  "upstream-forbidden": { status: 403, retry: false, meaning: "The upstream policy does not allow this address" },
  "admin-forbidden": {
    status: 403,
    retry: false,
    meaning: "Without server.admin_token the admin API answers on loopback only",
  },
  "origin-forbidden": { status: 403, retry: false, meaning: "A page of another origin called the admin API" },
  "not-found": { status: 404, retry: false, meaning: "No such route or entry" },
  "method-not-allowed": { status: 405, retry: false, meaning: "This route of Semcache has other methods" },
  "body-timeout": { status: 408, retry: true, meaning: "The request body did not arrive in time" },
  "body-too-large": { status: 413, retry: false, meaning: "The request body is larger than server.max_body" },
  "unsupported-media-type": { status: 415, retry: false, meaning: "Semcache's own APIs take application/json" },
  internal: { status: 500, retry: true, meaning: "A defect in Semcache; the log has the details under the request id" },
  "upgrade-unsupported": { status: 501, retry: false, meaning: "Protocol upgrades (WebSocket) are not relayed" },
  "upstream-unreachable": { status: 502, retry: true, meaning: "No connection to the provider" },
  "upstream-broken": { status: 502, retry: true, meaning: "The provider's answer broke off or was not HTTP" },
  "store-failed": {
    status: 503,
    retry: true,
    meaning:
      "The store could not read or write (disk full, folder gone); /ready says why. Only Semcache's own APIs fail with it",
  },
  "store-loading": {
    status: 503,
    retry: true,
    meaning:
      "The store takes up its entries after the start; /ready says how far it is. Only Semcache's own APIs fail with it",
  },
  "too-many-readers": {
    status: 503,
    retry: true,
    meaning: "As many streams of the admin API's events are open as it keeps up with",
  },
  draining: { status: 503, retry: true, meaning: "The server is shutting down" },
  "upstream-connect-timeout": { status: 504, retry: true, meaning: "upstream.timeouts.connect passed" },
  "upstream-headers-timeout": { status: 504, retry: true, meaning: "upstream.timeouts.headers passed" },
  "upstream-idle-timeout": { status: 504, retry: true, meaning: "upstream.timeouts.idle passed" },
  "only-if-cached": {
    status: 504,
    retry: false,
    meaning: "cache-control: only-if-cached, and the cache has no answer",
  },
  // These never reach a client: the cache turns them into misses, the command line into exit codes.
  aborted: { status: null, retry: false, meaning: "The caller went away" },
  "config-invalid": { status: null, retry: false, meaning: "The configuration has a wrong key or value" },
  usage: { status: null, retry: false, meaning: "The command line is wrong" },
  "listen-failed": { status: null, retry: false, meaning: "The address cannot be listened on" },
  "model-unusable": { status: null, retry: false, meaning: "A model file is missing, damaged, or of another kind" },
  "inference-overloaded": {
    status: null,
    retry: true,
    meaning: "More than matching.max_queue lookups wait for the models",
  },
  "inference-failed": { status: null, retry: true, meaning: "A model run failed or its worker died" },
  "lookup-timeout": { status: null, retry: true, meaning: "The lookup passed matching.timeout" },
  "store-locked": { status: null, retry: false, meaning: "Another process has the store's folder" },
} as const satisfies Record<string, { status: number | null; retry: boolean; meaning: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** The one error class. `message` follows "Cannot <action>: <state>", with the value, without a full stop. */
export class SemcacheError extends Error {
  override readonly name = "SemcacheError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** HTTP status for a client, 500 where the code has none. */
  get status(): number {
    return errorCodes[this.code].status ?? 500;
  }
}

export function isSemcacheError(error: unknown, code?: ErrorCode): error is SemcacheError {
  return error instanceof SemcacheError && (code === undefined || error.code === code);
}
