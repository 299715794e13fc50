import { expect, it } from "vitest";
import { SemcacheError } from "../base/errors.ts";
import { encodeOpenAIError } from "./encode-openai-error.ts";

it.each([
  ["prompt-path-missing", "invalid_request_error"],
  ["unauthorized", "authentication_error"],
  ["upstream-forbidden", "permission_error"],
  ["not-found", "not_found_error"],
  ["upstream-unreachable", "server_error"],
] as const)("writes %s as OpenAI's %s", (code, type) => {
  const text = encodeOpenAIError(new SemcacheError(code, 'Cannot do "this": that'));
  expect(JSON.parse(text)).toEqual({ error: { message: 'Cannot do "this": that', type, param: null, code } });
});
