import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toClientHeaders, toUpstreamHeaders } from "./header-policy.ts";

function toUpstream(
  rawHeaders: readonly string[],
  options: Partial<Parameters<typeof toUpstreamHeaders>[1]> = {},
): string[] {
  return toUpstreamHeaders(rawHeaders, { host: "x.example", extraHidden: [], bodyLength: null, ...options }).slice(2);
}

function namesOf(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 0);
}

describe("to the provider", () => {
  test("order, case, duplicates and bytes survive", () => {
    const headers = [
      "User-Agent",
      "OpenAI/Python 1.0",
      "X-Custom",
      "a",
      "x-custom",
      "b",
      "AUTHORIZATION",
      "Bearer sk-1",
      "X-Latin",
      "caf\u00e9 \u00ff",
      "X-Empty",
      "",
      "X-Forwarded-For",
      "203.0.113.9",
      "Content-Type",
      "application/json",
      "Accept-Encoding",
      "gzip, deflate, br",
      "X-Custom",
      "c",
      "idempotency-key",
      "k",
      "__proto__",
      "p",
    ];
    expect(toUpstream(headers)).toEqual(headers);
  });

  test("the host is the provider's, once, and first", () => {
    const headers = toUpstreamHeaders(["Host", "localhost:8080", "a", "b", "host", "evil"], {
      host: "x.example:8443",
      extraHidden: [],
      bodyLength: null,
    });
    expect(headers).toEqual(["host", "x.example:8443", "a", "b"]);
  });

  test.each([
    "x-llm-proxy-host",
    "X-LLM-Proxy-Upstream",
    "x-llm-prompt",
    "x-llm-proxy-prompt",
    "Cache-Control",
    "x-semcache-mode",
    "X-Semcache-Anything-To-Come",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "HTTP2-Settings",
    "Proxy-Authorization",
    "Proxy-Authenticate",
    "Expect",
    "Content-Length",
  ])("%s stays here", (name) => {
    expect(toUpstream(["a", "1", name, "x-unrelated", "b", "2"])).toEqual(["a", "1", "b", "2"]);
  });

  test.each(["x-llm-model", "x-semcachey", "pragma", "via", "forwarded", "origin", "cookie", "x-request-id", "age"])(
    "%s passes",
    (name) => {
      expect(toUpstream([name, "v"])).toEqual([name, "v"]);
    },
  );

  test("the header that names the tenant stays here, in any case", () => {
    expect(toUpstream(["X-Team", "a", "x-teams", "b"], { extraHidden: ["x-TEAM"] })).toEqual(["x-teams", "b"]);
  });

  test("what Connection names ends here", () => {
    expect(toUpstream(["Connection", "close, X-Hop ,, x-OTHER", "x-hop", "1", "X-Other", "2", "x-end", "3"])).toEqual([
      "x-end",
      "3",
    ]);
  });

  test("Connection strips neither credentials nor what a cache key is made of", () => {
    const headers = [
      "Authorization",
      "Bearer sk-1",
      "x-api-key",
      "k",
      "api-key",
      "k",
      "x-goog-api-key",
      "k",
      "content-type",
      "application/json",
      "content-encoding",
      "gzip",
      "accept",
      "*/*",
      "anthropic-version",
      "2023-06-01",
      "anthropic-beta",
      "b",
      "openai-organization",
      "o",
      "x-forwarded-for",
      "203.0.113.9",
      "x-varies",
      "v",
    ];
    const names = namesOf(headers).join(", ");
    expect(toUpstream(["connection", names, ...headers], { endToEnd: ["X-Varies"] })).toEqual(headers);
  });

  describe("body framing", () => {
    test("a known length is given once, whatever the client said", () => {
      const headers = ["Content-Length", "5", "Transfer-Encoding", "chunked", "content-length", "7"];
      expect(toUpstream(headers, { bodyLength: 12 })).toEqual(["content-length", "12"]);
      expect(toUpstream([], { bodyLength: 0 })).toEqual(["content-length", "0"]);
    });

    test("an unknown one is not given", () => {
      expect(toUpstream(["Content-Length", "5"])).toEqual([]);
    });
  });

  describe("accept-encoding", () => {
    test("without the header none is added", () => {
      expect(toUpstream([])).toEqual([]);
    });

    test("loses what cannot be decoded, and keeps its name's case", () => {
      expect(toUpstream(["Accept-Encoding", "gzip, zstd"])).toEqual(["Accept-Encoding", "gzip"]);
    });

    test("says identity when nothing is left, once", () => {
      expect(toUpstream(["Accept-Encoding", "zstd", "a", "b", "accept-encoding", "dcz"])).toEqual([
        "a",
        "b",
        "accept-encoding",
        "identity",
      ]);
    });

    test("keeps what one of two lines has left", () => {
      expect(toUpstream(["Accept-Encoding", "zstd", "accept-encoding", "br"])).toEqual(["accept-encoding", "br"]);
    });
  });
});

describe("to the client", () => {
  test("order, case, duplicates and bytes survive", () => {
    const headers = [
      "Date",
      "Sun, 06 Nov 1994 08:49:37 GMT",
      "Set-Cookie",
      "a=1",
      "X-Request-ID",
      "r",
      "set-cookie",
      "b=2",
      "Content-Type",
      "text/event-stream",
      "Content-Length",
      "12",
      "Server",
      "caf\u00e9",
      "CF-Ray",
      "x",
      "cache-control",
      "no-cache",
      "age",
      "3",
      "openai-processing-ms",
      "5",
    ];
    expect(toClientHeaders(headers)).toEqual(headers);
  });

  test.each([
    "X-Cache-Status",
    "x-semcache-match",
    "X-SEMCACHE-ENTRY",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "Proxy-Authentication-Info",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
  ])("%s of a provider does not reach the client", (name) => {
    expect(toClientHeaders(["a", "1", name, "hit", "b", "2"])).toEqual(["a", "1", "b", "2"]);
  });

  test("what Connection names ends here, but never what the answer needs", () => {
    const kept = ["content-type", "text/plain", "Set-Cookie", "a", "retry-after", "1", "Content-Length", "3"];
    expect(
      toClientHeaders([
        "Connection",
        "x-hop, content-type, set-cookie, retry-after, content-length",
        "X-Hop",
        "1",
        ...kept,
      ]),
    ).toEqual(kept);
  });

  test.each<[string[], string[]]>([
    [
      ["content-length", "5", "content-length", "5"],
      ["content-length", "5"],
    ],
    [["content-length", "5", "Content-Length", "6"], []],
    [["content-length", "5", "transfer-encoding", "chunked"], []],
    [["transfer-encoding", "chunked"], []],
  ])("framing %j becomes %j", (headers, expected) => {
    expect(toClientHeaders(headers)).toEqual(expected);
  });
});

test("no header of ours reaches the wrong side, whatever else there is", () => {
  const name = fc.oneof(
    fc.constantFrom("X-LLM-Proxy-Host", "x-llm-prompt", "Cache-Control", "X-Cache-Status", "Connection", "X-Team"),
    fc.string({ unit: fc.constantFrom(..."abXY-"), minLength: 1 }).map((text) => `x-semcache-${text}`),
    fc.string({ unit: fc.constantFrom(..."abcXYZ-09"), minLength: 1 }),
  );
  const value = fc.oneof(name, fc.string({ unit: fc.constantFrom(..." ,;=ab\u00e9") }));
  const rawHeaders = fc.array(fc.tuple(name, value)).map((pairs) => pairs.flat());
  fc.assert(
    fc.property(rawHeaders, (headers) => {
      const up = toUpstreamHeaders(headers, { host: "h", extraHidden: ["x-team"], bodyLength: 1 });
      const down = toClientHeaders(headers);
      expect(namesOf(up).join("\n")).not.toMatch(/^(?:x-semcache-.*|x-llm-pro.*|cache-control|connection|x-team)$/im);
      expect(namesOf(down).join("\n")).not.toMatch(/^(?:x-semcache-.*|x-cache-status|connection)$/im);
      // What passes passes in the order in which it came.
      let position = 0;
      for (let index = 0; index < down.length; index += 2) {
        while (headers[position] !== down[index] || headers[position + 1] !== down[index + 1]) position += 2;
        position += 2;
      }
      expect(position).toBeLessThanOrEqual(headers.length);
    }),
  );
});
