import { SemcacheError, type ErrorCode } from "../base/errors.ts";
import type { StaleCause } from "../model/reason.ts";
import type { UpstreamHead } from "../upstream/upstream-client.ts";

/** Errors of a call that are the provider's failure. All others are the client's, the operator's or our own. */
const failures: Partial<Record<ErrorCode, StaleCause>> = {
  "upstream-unreachable": "provider-unreachable",
  "upstream-connect-timeout": "provider-unreachable",
  "upstream-headers-timeout": "provider-timeout",
  "upstream-idle-timeout": "provider-timeout",
  "upstream-broken": "provider-broken",
};

/** These say that the request cannot be served, not that the provider cannot serve. */
const aboutTheRequest: ReadonlySet<number> = new Set([501, 505]);

/**
 * How the provider has failed; null: it has not. RFC 5861 (section 4) names 500, 502, 503 and 504; gateways in front of
 * providers have more of the kind (520 to 530 of Cloudflare, 529 of Anthropic). A 429 is no failure: it speaks of the caller's
 * own quota, and the caller has to know.
 */
export function toFailureCause(failure: UpstreamHead | SemcacheError): StaleCause | null {
  if (failure instanceof SemcacheError) return failures[failure.code] ?? null;
  const { status } = failure;
  return status >= 500 && status <= 599 && !aboutTheRequest.has(status) ? "provider-5xx" : null;
}
