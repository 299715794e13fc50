import { requestHeaders, responseHeaders } from "../model/headers.ts";
import { toDecodableEncodings } from "./accept-encoding.ts";

// Headers are lists of names and values in turn, as in node's `rawHeaders`: order, case and duplicates survive.

/** Meant for one connection only (RFC 9110, 7.6.1, and RFC 9113, 8.2.2); each side of the proxy has its own. */
export const hopByHopHeaders: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  // Between a client and its proxy (RFC 9110, 11.7): not the provider's business, and no provider may ask for it.
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
]);

/** What a caller tells Semcache; the provider must not see it. All `x-semcache-*` headers belong here too. */
export const ownRequestHeaders: ReadonlySet<string> = new Set(Object.keys(requestHeaders));

/** What Semcache tells a caller; a provider must not speak for it. All `x-semcache-*` headers belong here too. */
export const ownResponseHeaders: ReadonlySet<string> = new Set(Object.keys(responseHeaders));

/**
 * Never removed for being named in Connection. Naming `authorization` there would make the proxy send another request
 * than the one that the cache key was made from ("hop-by-hop header abuse"), and RFC 9110 7.6.1 forbids naming fields
 * that are meant for all recipients.
 */
export const endToEndHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
  "set-cookie",
  "date",
  "retry-after",
  "location",
  "user-agent",
  "forwarded",
]);
const endToEndPrefixes = ["content-", "accept", "anthropic-", "openai-", "x-ratelimit-", "x-forwarded-"] as const;

const OWN_PREFIX = "x-semcache-";

export interface UpstreamHeadersOptions {
  /** Host and, where it is not the scheme's own, port of the provider: `url.host`. */
  readonly host: string;
  /** More names that the provider must not see: the header that names the tenant. */
  readonly extraHidden: readonly string[];
  /** More names that Connection may not remove: the configured headers that are part of the cache key. */
  readonly endToEnd?: readonly string[];
  /** Bytes; 0: an empty body. Null: no body, or one of unknown length that goes chunked. */
  readonly bodyLength: number | null;
}

/** The headers of the request to the provider: the client's own, without those that end here. */
export function toUpstreamHeaders(rawHeaders: readonly string[], options: UpstreamHeadersOptions): string[] {
  const { host, extraHidden, endToEnd = [], bodyLength } = options;
  const hidden = new Set(extraHidden.map((name) => name.toLowerCase()));
  const named = connectionOptions(rawHeaders, new Set(endToEnd.map((name) => name.toLowerCase())));
  const headers = ["host", host];
  let encodings: "absent" | "emptied" | "present" = "absent";

  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const original = rawHeaders[index] as string;
    const value = rawHeaders[index + 1] as string;
    const name = original.toLowerCase();
    if (hopByHopHeaders.has(name) || named.has(name)) continue;
    if (ownRequestHeaders.has(name) || name.startsWith(OWN_PREFIX) || hidden.has(name)) continue;
    // The framing of the body is ours: a length that disagrees with it is how requests are smuggled (RFC 9112, 11.2).
    if (name === "host" || name === "content-length") continue;
    // The body was read already, so nobody waits for a 100 (RFC 9110, 10.1.1).
    if (name === "expect") continue;
    if (name === "accept-encoding") {
      const decodable = toDecodableEncodings(value);
      if (decodable === null) {
        if (encodings === "absent") encodings = "emptied";
        continue;
      }
      encodings = "present";
      headers.push(original, decodable);
      continue;
    }
    headers.push(original, value);
  }
  if (encodings === "emptied") headers.push("accept-encoding", "identity");
  if (bodyLength !== null) headers.push("content-length", String(bodyLength));
  return headers;
}

/** The headers of a relayed answer: the provider's own, without those that end here and those that only we may set. */
export function toClientHeaders(rawHeaders: readonly string[]): string[] {
  const named = connectionOptions(rawHeaders, new Set());
  const lengths = new Set<string>();
  let chunked = false;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase();
    if (name === "content-length") lengths.add(rawHeaders[index + 1] as string);
    if (name === "transfer-encoding") chunked = true;
  }
  // Chunks end the body, whatever the length says (RFC 9112, 6.3); lengths that disagree say nothing.
  let mayGiveLength = !chunked && lengths.size === 1;

  const headers: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const original = rawHeaders[index] as string;
    const name = original.toLowerCase();
    if (hopByHopHeaders.has(name) || named.has(name)) continue;
    if (ownResponseHeaders.has(name) || name.startsWith(OWN_PREFIX)) continue;
    if (name === "content-length") {
      if (!mayGiveLength) continue;
      mayGiveLength = false;
    }
    headers.push(original, rawHeaders[index + 1] as string);
  }
  return headers;
}

/** The names that Connection declares to be for this connection only, in lower case. */
function connectionOptions(rawHeaders: readonly string[], endToEnd: ReadonlySet<string>): ReadonlySet<string> {
  const names = new Set<string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== "connection") continue;
    for (const option of (rawHeaders[index + 1] as string).split(",")) {
      const name = option.trim().toLowerCase();
      if (endToEndHeaders.has(name) || endToEnd.has(name)) continue;
      if (!endToEndPrefixes.some((prefix) => name.startsWith(prefix))) names.add(name);
    }
  }
  return names;
}
