import { describe, expect, test } from "vitest";
import { errorCodes, SemcacheError, type ErrorCode } from "../base/errors.ts";
import { toFailureCause } from "./provider-failure.ts";

describe("toFailureCause", () => {
  const answer = (status: number) => toFailureCause({ status, statusText: "", rawHeaders: [] });

  test.each([500, 502, 503, 504, 520, 529, 599])("%i is a failure", (status) => {
    expect(answer(status)).toBe("provider-5xx");
  });

  test.each([200, 204, 301, 400, 401, 403, 404, 408, 429, 499, 501, 505, 600, 999])("%i is none", (status) => {
    expect(answer(status)).toBeNull();
  });

  test("of the errors, only those of the provider", () => {
    const causes: Partial<Record<ErrorCode, string>> = {};
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const cause = toFailureCause(new SemcacheError(code, "Cannot go on: a test"));
      if (cause !== null) causes[code] = cause;
    }
    expect(causes).toEqual({
      "upstream-unreachable": "provider-unreachable",
      "upstream-broken": "provider-broken",
      "upstream-connect-timeout": "provider-unreachable",
      "upstream-headers-timeout": "provider-timeout",
      "upstream-idle-timeout": "provider-timeout",
    });
  });
});
