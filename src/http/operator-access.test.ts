import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { isSemcacheError, type ErrorCode } from "../base/errors.ts";
import { createOperatorAccess, isLoopbackName, type OperatorAccess } from "./operator-access.ts";

interface Sent {
  readonly peer?: string;
  readonly method?: string;
  /** Names in lower case; `host` is localhost:8080 unless given. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Another Host header after the first. */
  readonly secondHost?: string;
}

/** A request as node makes it, from a peer that no test machine has. */
function ask(access: OperatorAccess, { peer = "127.0.0.1", method = "GET", headers = {}, secondHost }: Sent) {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: peer });
  const request = new IncomingMessage(socket);
  request.method = method;
  const all: [string, string | undefined][] = Object.entries({ host: "localhost:8080", ...headers });
  if (secondHost) all.push(["host", secondHost]);
  for (const [name, value] of all) {
    if (value === undefined) continue;
    request.headers[name] ??= value;
    request.headersDistinct[name] = [...(request.headersDistinct[name] ?? []), value];
  }
  const response = new ServerResponse(request);
  let code: ErrorCode | "allowed" = "allowed";
  let message = "";
  try {
    access.assert(request, response);
  } catch (error) {
    if (!isSemcacheError(error)) throw error;
    ({ code, message } = error);
  }
  return { code, message, challenge: response.getHeader("www-authenticate") };
}

const local = createOperatorAccess({ adminToken: null, listenHost: "localhost" });
const locked = createOperatorAccess({ adminToken: "s3cret token", listenHost: "0.0.0.0" });
const bearer = { authorization: "Bearer s3cret token" };

describe("without a token", () => {
  it.each(["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "::FFFF:127.0.0.1"])("serves the peer %s", (peer) => {
    expect(ask(local, { peer }).code).toBe("allowed");
  });

  it.each([
    "10.0.0.5",
    "192.168.1.1",
    "::ffff:10.0.0.5",
    "fe80::1",
    "::",
    "1127.0.0.1",
    "127.0.0.1.evil",
    "::ffff:1.127.0.0",
  ])("refuses the peer %s", (peer) => {
    const { code, message } = ask(local, { peer });
    expect(code).toBe("admin-forbidden");
    expect(message).toContain("server.admin_token");
  });

  it("refuses a peer that is not known", () => {
    expect(ask(local, { peer: "" }).code).toBe("admin-forbidden");
  });

  it.each(["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "127.1.2.3", "[::1]", "[::1]:8080"])(
    "serves Host %s",
    (host) => {
      expect(ask(local, { headers: { host } }).code).toBe("allowed");
    },
  );

  // A page on a name that was pointed at 127.0.0.1 after it was loaded.
  it.each([
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "localhost.",
    "a.localhost",
    "evil.example#localhost",
    "localhost@evil.example",
    "[::1].evil.example",
    "[::1",
    "0.0.0.0:8080",
    "[::]:8080",
    "2130706433",
    "0x7f.1",
    "127.1",
    "",
  ])("refuses Host %j", (host) => {
    expect(ask(local, { headers: { host } }).code).toBe("admin-forbidden");
  });

  it("refuses a request without Host, and one with two", () => {
    expect(ask(local, { headers: { host: undefined } }).code).toBe("admin-forbidden");
    expect(ask(local, { secondHost: "evil.example" }).code).toBe("admin-forbidden");
    expect(ask(local, { secondHost: "localhost:8080" }).code).toBe("admin-forbidden");
  });

  it.each([
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-anything",
    "x-real-ip",
    "via",
  ])("refuses what came through a proxy (%s)", (name) => {
    const { code, message } = ask(local, { headers: { [name]: "127.0.0.1" } });
    expect(code).toBe("admin-forbidden");
    expect(message).toContain(name);
  });

  it("does not mind a credential of the provider", () => {
    expect(ask(local, { headers: { authorization: "Bearer sk-provider" } }).code).toBe("allowed");
  });
});

describe("without a token on an address that others reach", () => {
  it.each(["0.0.0.0", "::", "192.168.1.5", "semcache.example", "localhost.example", ""])(
    "is off (%j), told once",
    (listenHost) => {
      const told: string[] = [];
      const access = createOperatorAccess({
        adminToken: null,
        listenHost,
        onDisabled: (message) => told.push(message),
      });
      expect(ask(access, {}).code).toBe("admin-forbidden");
      expect(ask(access, {}).message).toContain("server.admin_token");
      expect(told).toHaveLength(1);
    },
  );

  it.each(["localhost", "127.0.0.1", "::1", "[::1]", "127.0.0.2"])("is on for %s", (listenHost) => {
    const told: string[] = [];
    createOperatorAccess({ adminToken: null, listenHost, onDisabled: (message) => told.push(message) });
    expect(told).toEqual([]);
    expect(isLoopbackName(listenHost)).toBe(true);
  });
});

describe("with a token", () => {
  it("serves who has it, from anywhere and through proxies", () => {
    expect(
      ask(locked, { peer: "203.0.113.9", headers: { ...bearer, host: "cache.example", "x-forwarded-for": "1.2.3.4" } })
        .code,
    ).toBe("allowed");
    expect(ask(locked, { headers: { authorization: "bearer s3cret token" } }).code).toBe("allowed");
    expect(ask(locked, { headers: { authorization: "BEARER   s3cret token" } }).code).toBe("allowed");
  });

  it.each([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "Bearer s3cret",
    "Bearer s3cret token2",
    "Bearer S3cret token",
    "Basic s3cret token",
    "s3cret token",
    "Bearer null",
    `Bearer ${"x".repeat(10_000)}`,
  ])("refuses authorization %j, also on loopback", (authorization) => {
    const { code, challenge, message } = ask(locked, { headers: { authorization } });
    expect(code).toBe("unauthorized");
    expect(challenge).toMatch(/^Bearer/);
    expect(message).toContain("server.admin_token");
    expect(message).not.toContain("s3cret");
  });

  it("takes no empty token from the configuration", () => {
    expect(() => createOperatorAccess({ adminToken: " ", listenHost: "localhost" })).toThrow(/server.admin_token/);
  });
});

describe("pages of other origins", () => {
  const accesses: readonly [string, OperatorAccess, Record<string, string>][] = [
    ["without a token", local, {}],
    ["with the token", locked, bearer],
  ];
  describe.each(accesses)("%s", (_name, access, extra) => {
    it.each([
      "https://evil.example",
      "null",
      "http://localhost:3000",
      "http://127.0.0.1:8080",
      "http://localhost",
      "file://",
      "chrome-extension://localhost:8080",
      "not an origin",
      "",
    ])("are refused: %j", (origin) => {
      expect(ask(access, { headers: { ...extra, origin } }).code).toBe("origin-forbidden");
    });

    it("are refused by sec-fetch-site where the browser sends no Origin", () => {
      const from = (site: string, mode = "no-cors") =>
        ask(access, { headers: { ...extra, "sec-fetch-site": site, "sec-fetch-mode": mode } }).code;
      expect(from("cross-site")).toBe("origin-forbidden");
      expect(from("same-site")).toBe("origin-forbidden");
      expect(from("same-origin")).toBe("allowed");
      expect(from("none")).toBe("allowed");
      expect(from("cross-site", "navigate")).toBe("allowed");
    });

    it("do not stand in the way of our own page", () => {
      expect(ask(access, { headers: { ...extra, origin: "http://localhost:8080" } }).code).toBe("allowed");
    });
  });

  it("are told apart behind a proxy that ends TLS", () => {
    const at = (origin: string, host: string) => ask(locked, { headers: { ...bearer, host, origin } }).code;
    expect(at("https://cache.example", "cache.example")).toBe("allowed");
    expect(at("https://cache.example", "cache.example:443")).toBe("allowed");
    expect(at("https://cache.example:8443", "cache.example")).toBe("origin-forbidden");
    expect(at("https://cache.example.evil.example", "cache.example")).toBe("origin-forbidden");
  });
});

describe("bodies", () => {
  const post = (headers: Record<string, string>) =>
    ask(local, { method: "POST", headers: { "content-length": "2", ...headers } }).code;

  it.each(["application/json", "application/json; charset=utf-8", "Application/JSON"])("may be %s", (type) => {
    expect(post({ "content-type": type })).toBe("allowed");
  });

  // What a form or a script may send to any site without asking first.
  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/json-patch+json",
    "text/plain;application/json",
    "",
  ])("may not be %j", (type) => {
    expect(post({ "content-type": type })).toBe("unsupported-media-type");
  });

  it("need a type, also when they come in chunks, and no coding", () => {
    expect(post({})).toBe("unsupported-media-type");
    expect(ask(local, { method: "POST", headers: { "transfer-encoding": "chunked" } }).code).toBe(
      "unsupported-media-type",
    );
    expect(post({ "content-type": "application/json", "content-encoding": "gzip" })).toBe("unsupported-media-type");
  });
});
