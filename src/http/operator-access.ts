import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { SemcacheError } from "../base/errors.ts";
import { assertJsonContent, hasBody, type JsonBodyType } from "./read-json-body.ts";

/** Who may use the routes of the operator: admin API, cache-aside without a token, dashboard numbers. */
export interface OperatorAccess {
  /** Null: whoever can reach a loopback socket of this machine is the operator. */
  readonly tokenRequired: boolean;
  /**
   * Sets `www-authenticate` on the response where it refuses for want of the token.
   *
   * @throws {SemcacheError} `unauthorized`, `admin-forbidden`, `origin-forbidden`, `unsupported-media-type`
   */
  assert(request: IncomingMessage, response: ServerResponse, bodyType?: JsonBodyType): void;
}

export interface OperatorAccessOptions {
  readonly adminToken: string | null;
  /** What the server listens on: `server.host`. */
  readonly listenHost: string;
  /** Told once where the routes are switched off. */
  readonly onDisabled?: (message: string) => void;
}

/**
 * Headers that say that a proxy stands between: then the peer is not the caller, and loopback proves nothing.
 * `x-forwarded-*` is matched by its prefix.
 */
const proxyHeaders: ReadonlySet<string> = new Set([
  "forwarded",
  "x-real-ip",
  "via",
  "cf-connecting-ip",
  "true-client-ip",
]);

export function createOperatorAccess({ adminToken, listenHost, onDisabled }: OperatorAccessOptions): OperatorAccess {
  if (adminToken !== null && adminToken.trim() === "") {
    throw new SemcacheError("config-invalid", "Cannot use server.admin_token: it is empty");
  }
  const expected = adminToken === null ? null : digest(adminToken);
  const disabled = expected === null && !isLoopbackName(listenHost);
  if (disabled) {
    onDisabled?.(
      `The admin API, put/get and dashboard are off: server.host is ${listenHost} and server.admin_token is not set`,
    );
  }
  return {
    tokenRequired: expected !== null,
    assert(request, response, bodyType) {
      if (expected !== null) assertToken(request, response, expected);
      else if (disabled) {
        throw new SemcacheError(
          "admin-forbidden",
          `Cannot use this route: server.host is not loopback (${listenHost}); set server.admin_token and send authorization: Bearer`,
        );
      } else assertLocal(request);
      assertOwnOrigin(request);
      if (hasBody(request)) assertJsonContent(request, bodyType);
    },
  };
}

function assertToken(request: IncomingMessage, response: ServerResponse, expected: Buffer): void {
  const { authorization } = request.headers;
  const token = /^bearer +(.+)$/i.exec(authorization ?? "")?.[1];
  // Digests have one length, so that the comparison's time tells neither the token's length nor its beginning.
  if (token !== undefined && timingSafeEqual(digest(token.trimEnd()), expected)) return;
  response.setHeader("www-authenticate", 'Bearer realm="semcache"');
  throw new SemcacheError(
    "unauthorized",
    authorization === undefined
      ? "Cannot use this route: no token; send authorization: Bearer with the value of server.admin_token"
      : "Cannot use this route: the token is not server.admin_token",
  );
}

function assertLocal(request: IncomingMessage): void {
  const peer = request.socket.remoteAddress ?? "unknown";
  if (!isLoopbackAddress(peer)) throw notLocal(`the caller's address is ${peer}`);
  // A name that an attacker points at 127.0.0.1 reaches this socket from the victim's own browser (DNS rebinding).
  const hosts = request.headersDistinct["host"] ?? [];
  const [host] = hosts;
  if (hosts.length !== 1 || host === undefined) throw notLocal("it needs one Host header");
  if (!isLoopbackName(withoutPort(host)))
    throw notLocal(`Host is ${JSON.stringify(host)}, not localhost, 127.0.0.1 or [::1]`);
  for (const name in request.headers) {
    if (proxyHeaders.has(name) || name.startsWith("x-forwarded-"))
      throw notLocal(`the request came through a proxy (${name})`);
  }
}

function notLocal(state: string): SemcacheError {
  return new SemcacheError(
    "admin-forbidden",
    `Cannot use this route: ${state}; without server.admin_token it answers callers on this machine only`,
  );
}

/**
 * Refuses pages of other origins. A browser sends `Origin` with all that can change something, and `sec-fetch-site`
 * with everything; following a link to a page of ours is allowed, it tells the other page nothing.
 */
function assertOwnOrigin(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  const site = request.headers["sec-fetch-site"];
  const followed = request.method === "GET" && request.headers["sec-fetch-mode"] === "navigate";
  const foreign =
    origin === undefined
      ? site !== undefined && site !== "same-origin" && site !== "none" && !followed
      : !isSameOrigin(origin, host);
  if (!foreign) return;
  throw new SemcacheError(
    "origin-forbidden",
    `Cannot use this route from a page of ${origin ?? "another site"}: open Semcache's own page, or call without a browser`,
  );
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  if (protocol !== "http:" && protocol !== "https:") return false;
  // By the origin's scheme: behind a proxy that ends TLS, Host has no port and the origin is https.
  const ours = `${protocol}//${host}`;
  return URL.canParse(ours) && new URL(ours).host === originHost;
}

/** As node gives it: dotted IPv4, IPv6, or IPv4 mapped into IPv6. */
function isLoopbackAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return plain === "::1" || /^127(?:\.\d{1,3}){3}$/.test(plain);
}

/** `localhost`, 127.0.0.0/8 or ::1 (with or without brackets), and nothing that would have to be looked up. */
export function isLoopbackName(name: string): boolean {
  const plain = name.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  return plain === "localhost" || isLoopbackAddress(plain);
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, (port, at: number) => (host.startsWith("[") && host.indexOf("]") > at ? port : ""));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
