import { describe, expect, test } from "vitest";
import type { OperatorRoute } from "./operator-route.ts";
import { createRouter } from "./router.ts";

const own = (method: string, path: string): OperatorRoute => ({
  method,
  path,
  access: "open",
  handle: () => undefined,
});
const router = createRouter([
  own("GET", "/"),
  own("GET", "/health"),
  own("PUT", "/semcache/v1/put"),
  own("GET", "/semcache/v1/admin/entries"),
  own("GET", "/semcache/v1/admin/entries/{id}"),
  own("DELETE", "/semcache/v1/admin/entries/{id}"),
]);

describe("routes", () => {
  test.each([
    ["POST", "/v1/chat/completions", "openai-chat-completions"],
    ["POST", "/chat/completions", "openai-chat-completions"],
    ["POST", "/v1/messages", "anthropic-messages"],
    ["POST", "/semcache/v1/chat/completions", "generic"],
    ["GET", "/v1/chat/completions", "other"],
    ["GET", "/v1/models", "other"],
    ["POST", "/v1/messages/count_tokens", "other"],
    ["POST", "/v1/chat/completions/", "other"],
    ["DELETE", "/v1/files/1", "other"],
    ["GET", "/semcachex", "other"],
  ])("%s %s goes to a provider as %s", (method, path, route) => {
    expect(router.route(method, path)).toEqual({ kind: "proxy", route });
  });

  test.each([
    ["GET", "/", "/"],
    ["HEAD", "/health", "/health"],
    ["PUT", "/semcache/v1/put", "/semcache/v1/put"],
    ["DELETE", "/semcache/v1/admin/entries/abc", "/semcache/v1/admin/entries/{id}"],
  ])("%s %s is Semcache's own", (method, path, pattern) => {
    expect(router.route(method, path)).toMatchObject({ kind: "own", route: { path: pattern } });
  });

  test.each([
    "/semcache",
    "/semcache/v2/x",
    "/admin/x",
    "/admin.php",
    "/administrator/x",
    "/favicon.ico",
    "/robots.txt",
    "/.well-known/security.txt",
  ])("%s is never relayed", (path) => {
    expect(() => router.route("GET", path)).toThrow(expect.objectContaining({ code: "not-found" }));
  });

  test.each([
    ["POST", "/health", ["GET"]],
    ["GET", "/semcache/v1/put", ["PUT"]],
    ["GET", "/semcache/v1/chat/completions", ["POST"]],
    ["PATCH", "/semcache/v1/admin/entries/abc", ["GET", "DELETE"]],
  ])("%s %s has other methods", (method, path, allow) => {
    expect(() => router.route(method, path)).toThrow(expect.objectContaining({ code: "method-not-allowed", allow }));
  });
});
