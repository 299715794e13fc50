import type { SemcacheError } from "../../base/errors.ts";

/** The provider's own `error.type` by HTTP status (Anthropic API reference, Errors). */
const errorTypes: ReadonlyMap<number, string> = new Map([
  [400, "invalid_request_error"],
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [408, "timeout_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [500, "api_error"],
  [503, "overloaded_error"],
  [504, "timeout_error"],
  [529, "overloaded_error"],
]);

/** One of our own errors in the provider's shape. The `request_id` beside it is the provider's to give, not ours. */
export function encodeAnthropicError({ status, message }: SemcacheError): string {
  const type = errorTypes.get(status) ?? (status < 500 ? "invalid_request_error" : "api_error");
  return JSON.stringify({ type: "error", error: { type, message } });
}
