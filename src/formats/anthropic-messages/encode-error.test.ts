import { expect, it } from "vitest";
import { SemcacheError, errorCodes, type ErrorCode } from "../../base/errors.ts";
import { encodeAnthropicError } from "./encode-error.ts";

it.each<[ErrorCode, string]>([
  ["prompt-path-invalid", "invalid_request_error"],
  ["unauthorized", "authentication_error"],
  ["upstream-forbidden", "permission_error"],
  ["not-found", "not_found_error"],
  ["body-too-large", "request_too_large"],
  ["internal", "api_error"],
  ["upstream-unreachable", "api_error"],
  ["draining", "overloaded_error"],
  ["upstream-idle-timeout", "timeout_error"],
  ["method-not-allowed", "invalid_request_error"],
])("%s is of type %s", (code, type) => {
  expect(JSON.parse(encodeAnthropicError(new SemcacheError(code, 'Cannot do "it"')))).toEqual({
    type: "error",
    error: { type, message: 'Cannot do "it"' },
  });
});

it("has a type for every code", () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[])
    expect(JSON.parse(encodeAnthropicError(new SemcacheError(code, "x"))).error.type).toMatch(/^[a-z_]+$/);
});
