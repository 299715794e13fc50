import type { SemcacheError } from "../base/errors.ts";

/** OpenAI's error object; `type` by status as the SDKs know it, `code` is ours. */
export function encodeOpenAIError(error: SemcacheError): string {
  const { status, code, message } = error;
  return JSON.stringify({ error: { message, type: errorType(status), param: null, code } });
}

function errorType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 404) return "not_found_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}
