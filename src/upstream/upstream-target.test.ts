import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ErrorCode, SemcacheError } from "../base/errors.ts";
import { resolveUpstreamTarget } from "./upstream-target.ts";
import type { ProxyRoute, UpstreamTarget } from "./upstream-target.ts";

const PROVIDERS = { openai: "https://api.openai.com", anthropic: "https://api.anthropic.com" };

function resolve(
  route: ProxyRoute,
  requestPath: string,
  rawHeaders: readonly string[] = [],
  providers = PROVIDERS,
): UpstreamTarget {
  return resolveUpstreamTarget({ route, requestPath, rawHeaders, providers });
}

function codeOf(action: () => unknown): ErrorCode | null {
  try {
    action();
    return null;
  } catch (error) {
    return (error as SemcacheError).code;
  }
}

describe("the built-in routes", () => {
  test.each<[ProxyRoute, string, string[], string, UpstreamTarget["kind"]]>([
    ["openai-chat-completions", "/chat/completions", [], "https://api.openai.com/v1/chat/completions", "openai"],
    ["openai-chat-completions", "/v1/chat/completions", [], "https://api.openai.com/v1/chat/completions", "openai"],
    [
      "openai-chat-completions",
      "/chat/completions?api-version=1&x=%2F",
      [],
      "https://api.openai.com/v1/chat/completions?api-version=1&x=%2F",
      "openai",
    ],
    [
      "anthropic-messages",
      "/v1/messages?beta=true",
      [],
      "https://api.anthropic.com/v1/messages?beta=true",
      "anthropic",
    ],
    // The route decides, not the headers of another provider.
    [
      "openai-chat-completions",
      "/v1/chat/completions",
      ["x-api-key", "k"],
      "https://api.openai.com/v1/chat/completions",
      "openai",
    ],
    [
      "openai-chat-completions",
      "/chat/completions",
      ["X-LLM-Proxy-Host", "https://api.deepseek.com"],
      "https://api.deepseek.com/v1/chat/completions",
      "proxy-host",
    ],
    [
      "anthropic-messages",
      "/v1/messages",
      ["x-llm-proxy-host", " https://gateway.example/anthropic "],
      "https://gateway.example/anthropic/v1/messages",
      "proxy-host",
    ],
  ])("%s %s %j", (route, path, headers, url, kind) => {
    const target = resolve(route, path, headers);
    expect(target.url.href).toBe(url);
    expect(target.kind).toBe(kind);
    expect(target.url.origin + target.requestTarget).toBe(url);
  });

  test.each([
    ["https://x.example/", "https://x.example/v1/chat/completions"],
    ["https://x.example/v1", "https://x.example/v1/chat/completions"],
    ["https://x.example/v1/", "https://x.example/v1/chat/completions"],
    ["https://x.example/v1//", "https://x.example/v1/chat/completions"],
    ["https://x.example/v1beta", "https://x.example/v1beta/chat/completions"],
    ["https://x.example/v1p1beta1", "https://x.example/v1p1beta1/chat/completions"],
    ["https://x.example/api/paas/v4", "https://x.example/api/paas/v4/chat/completions"],
    ["https://x.example/v1/openai", "https://x.example/v1/openai/v1/chat/completions"],
    ["https://x.example/dev1", "https://x.example/dev1/v1/chat/completions"],
    ["https://x.example/v", "https://x.example/v/v1/chat/completions"],
    ["https://x.example/v1x", "https://x.example/v1x/v1/chat/completions"],
    ["https://x.example/v1.example", "https://x.example/v1.example/v1/chat/completions"],
    ["https://x.example:8443/a%2Fb", "https://x.example:8443/a%2Fb/v1/chat/completions"],
    ["https://x.example/v1#fragment", "https://x.example/v1/chat/completions"],
    ["https://x.example/v1?key=1", "https://x.example/v1/chat/completions?key=1"],
  ])("base %s", (base, url) => {
    expect(resolve("openai-chat-completions", "/chat/completions", ["x-llm-proxy-host", base]).url.href).toBe(url);
    const configured = { ...PROVIDERS, openai: base };
    expect(resolve("openai-chat-completions", "/v1/chat/completions", [], configured).url.href).toBe(url);
  });

  test("a base's own query comes before the request's", () => {
    const headers = ["x-llm-proxy-host", "https://x.example/v1?a=1"];
    const { requestTarget } = resolve("openai-chat-completions", "/chat/completions?b=2", headers);
    expect(requestTarget).toBe("/v1/chat/completions?a=1&b=2");
  });
});

describe("x-llm-proxy-upstream", () => {
  test.each<ProxyRoute>(["openai-chat-completions", "anthropic-messages", "generic", "other"])(
    "is used as it stands on %s",
    (route) => {
      const headers = ["x-llm-proxy-upstream", "https://x.example/a/b//c%2Fd?e=%20f"];
      const target = resolve(route, "/v1/whatever?q=1", headers);
      expect(target).toMatchObject({ requestTarget: "/a/b//c%2Fd?e=%20f", kind: "proxy-upstream" });
      expect(target.url.href).toBe("https://x.example/a/b//c%2Fd?e=%20f");
    },
  );

  test("has no version rule, no slash rule and no fragment", () => {
    const headers = ["x-llm-proxy-upstream", "https://x.example/v1/#x"];
    expect(resolve("openai-chat-completions", "/chat/completions", headers).url.href).toBe("https://x.example/v1/");
  });

  test("wins over a host that is wrong, or given twice", () => {
    const headers = ["x-llm-proxy-host", "nonsense", "x-llm-proxy-upstream", "https://x.example/y"];
    expect(resolve("generic", "/semcache/v1/chat/completions", headers).url.href).toBe("https://x.example/y");
    const twice = [...headers, "X-LLM-PROXY-HOST", "nonsense too"];
    expect(resolve("generic", "/semcache/v1/chat/completions", twice).kind).toBe("proxy-upstream");
  });
});

describe("the generic route", () => {
  test("with only a host uses the path after /semcache", () => {
    const headers = ["x-llm-proxy-host", "https://x.example"];
    const target = resolve("generic", "/semcache/v1/chat/completions?a=b", headers);
    expect(target.url.href).toBe("https://x.example/v1/chat/completions?a=b");
    const versioned = ["x-llm-proxy-host", "https://x.example/v2"];
    const { requestTarget } = resolve("generic", "/semcache/v1/chat/completions", versioned);
    expect(requestTarget).toBe("/v2/chat/completions");
  });

  test("needs one of the headers", () => {
    expect(codeOf(() => resolve("generic", "/semcache/v1/chat/completions"))).toBe("upstream-missing");
  });
});

describe("any other path", () => {
  test.each<[string, string[], string]>([
    ["/v1/models", [], "https://api.openai.com/v1/models"],
    ["/models", [], "https://api.openai.com/v1/models"],
    ["/embeddings?x=1", [], "https://api.openai.com/v1/embeddings?x=1"],
    ["/v1", [], "https://api.openai.com/v1"],
    ["/v1?x", [], "https://api.openai.com/v1?x"],
    ["/v10/models", [], "https://api.openai.com/v1/v10/models"],
    ["/v1/completions", [], "https://api.openai.com/v1/completions"],
    ["/v1/models", ["anthropic-version", "2023-06-01"], "https://api.anthropic.com/v1/models"],
    ["/v1/models", ["X-Api-Key", "k"], "https://api.anthropic.com/v1/models"],
    ["/models", ["x-api-key", "k"], "https://api.anthropic.com/models"],
    ["/v1/messages/count_tokens", [], "https://api.anthropic.com/v1/messages/count_tokens"],
    ["/v1/messages/batches?limit=1", [], "https://api.anthropic.com/v1/messages/batches?limit=1"],
    ["/v1/complete", [], "https://api.anthropic.com/v1/complete"],
    ["/models", ["x-llm-proxy-host", "https://x.example"], "https://x.example/models"],
    ["/v1/models", ["x-llm-proxy-host", "https://x.example"], "https://x.example/v1/models"],
    ["/v1/models", ["x-llm-proxy-host", "https://x.example/v4"], "https://x.example/v4/models"],
    ["/v1/messages/x", ["x-llm-proxy-host", "https://x.example/p"], "https://x.example/p/v1/messages/x"],
    ["/v1", ["x-llm-proxy-host", "https://x.example/v4"], "https://x.example/v4"],
  ])("%s %j", (path, headers, url) => {
    expect(resolve("other", path, headers).url.href).toBe(url);
  });

  test("the version rule holds for configured bases too", () => {
    const providers = { openai: "http://localhost:8000/v1", anthropic: "https://a.example/v1" };
    expect(resolve("other", "/models", [], providers).url.href).toBe("http://localhost:8000/v1/models");
    expect(resolve("other", "/v1/models", [], providers).url.href).toBe("http://localhost:8000/v1/models");
    expect(resolve("other", "/v1/messages/x", [], providers).url.href).toBe("https://a.example/v1/messages/x");
  });
});

describe("what the client puts into its path", () => {
  test.each([
    ["/v1/files/a%2Fb%2e%2e", "/v1/files/a%2Fb%2e%2e"],
    ["/v1/../admin", "/v1/../admin"],
    ["/v1/%2e%2e/admin", "/v1/%2e%2e/admin"],
    ["/v1//double///slashes/", "/v1//double///slashes/"],
    ["//evil.example/x", "/v1//evil.example/x"],
    ["/\\evil.example/x", "/v1/\\evil.example/x"],
    ["/@evil.example/x", "/v1/@evil.example/x"],
    ["/:80@evil.example", "/v1/:80@evil.example"],
    ["/.evil.example", "/v1/.evil.example"],
    ["/v1/x?y=http://evil.example/", "/v1/x?y=http://evil.example/"],
    ["/v1/x?a?b&c='\"<>", "/v1/x?a?b&c='\"<>"],
    ["/v1/x?", "/v1/x?"],
    ["/v1/caf\u00e9", "/v1/caf\u00e9"],
    ["http://evil.example/v1/models?x=1", "/v1/models?x=1"],
    ["HTTPS://user:pw@evil.example:99/v1/models", "/v1/models"],
    ["http://evil.example", "/v1/"],
    ["http://evil.example?x=1", "/v1/?x=1"],
  ])("%s goes to the provider as %s", (path, requestTarget) => {
    const target = resolve("other", path);
    expect(target.requestTarget).toBe(requestTarget);
    expect(target.url.origin).toBe("https://api.openai.com");
  });

  test("a # is part of the path and keeps keys apart", () => {
    const target = resolve("openai-chat-completions", "/chat/completions?a#b");
    expect(target.requestTarget).toBe("/v1/chat/completions?a#b");
    expect(target.url.href).not.toBe(resolve("openai-chat-completions", "/chat/completions?a").url.href);
    expect(target.url.hash).toBe("");
  });

  test.each(["*", "evil.example:443", "evil.example/x", ""])("the request target %j is no path", (path) => {
    expect(codeOf(() => resolve("other", path))).toBe("not-found");
  });

  test("never changes the host", () => {
    const anyPath = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."/\\.:@?#%2efa[]&= \t\u00e9") }),
      fc.webPath(),
      fc.string({ unit: "binary-ascii" }),
    );
    fc.assert(
      fc.property(anyPath, fc.constantFrom("https://x.example", "https://x.example/base/v1"), (path, base) => {
        const target = resolve("other", `/${path}`, ["x-llm-proxy-host", base]);
        expect(target.url.origin).toBe("https://x.example");
        expect(target.requestTarget.startsWith("/")).toBe(true);
      }),
    );
  });
});

describe("addresses that are none", () => {
  test.each([
    "",
    "api.deepseek.com",
    "api.deepseek.com:443",
    "//api.deepseek.com",
    "localhost:8080/v1",
    "https://",
    "https:api.deepseek.com",
    "https:/api.deepseek.com",
    "ftp://api.deepseek.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://1.2.3.4.5",
    "https://[fe80::1%25eth0]",
    "https://a b.example",
    "https://x.example:99999",
    "http://a.example, http://b.example",
  ])("%j is a 400 in either header", (text) => {
    for (const name of ["x-llm-proxy-host", "x-llm-proxy-upstream"]) {
      expect(codeOf(() => resolve("openai-chat-completions", "/chat/completions", [name, text]))).toBe(
        "upstream-invalid",
      );
    }
  });

  test("a header that is there twice is a 400", () => {
    const headers = ["x-llm-proxy-host", "https://a.example", "X-LLM-Proxy-Host", "https://a.example"];
    expect(codeOf(() => resolve("other", "/v1/models", headers))).toBe("upstream-invalid");
  });

  test("the message has neither credentials nor query", () => {
    const headers = ["x-llm-proxy-host", "ftp://user:secret@x.example/?key=secret"];
    expect(() => resolve("other", "/v1/models", headers)).toThrow(/^(?!.*secret).*ftp:\/\/x\.example/);
  });
});
