import { SemcacheError } from "../base/errors.ts";
import { withoutTrailing } from "../base/trailing.ts";

/** The proxied routes, as the router tells them apart. `other`: any path that is not Semcache's own. */
export type ProxyRoute = "openai-chat-completions" | "anthropic-messages" | "generic" | "other";

export interface UpstreamTarget {
  /** For the address policy, the cache key and people; the fragment is gone. */
  readonly url: URL;
  /**
   * Path and query to send, byte for byte as received where they come from the client: the URL parser would resolve
   * dot segments and escape characters.
   */
  readonly requestTarget: string;
  /** What decided: a configured provider, or one of the two headers. */
  readonly kind: "openai" | "anthropic" | "proxy-host" | "proxy-upstream";
}

export interface UpstreamTargetOptions {
  readonly route: ProxyRoute;
  /** Names and values in turn, as in node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
  /** Path and query as received (`request.url`); absolute-form is accepted, its host is not looked at (RFC 9112, 3.2.2). */
  readonly requestPath: string;
  /** Base URLs of the configuration. */
  readonly providers: { readonly openai: string; readonly anthropic: string };
}

const OPENAI_PATH = "/v1/chat/completions";
const ANTHROPIC_PATH = "/v1/messages";
const GENERIC_PREFIX = "/semcache";

/** Paths without x-llm-proxy-* headers that are Anthropic's, whatever the other headers say. */
const ANTHROPIC_PATHS = ["/v1/messages", "/v1/complete"] as const;
/** Headers that only Anthropic's clients send. */
const ANTHROPIC_HEADERS = ["anthropic-version", "x-api-key"] as const;

/** `v1`, `v1beta`, `v4`, `v1p1beta1` as the last segment of a base path: the route's own `/v1` is dropped. */
const VERSION_SEGMENT = /\/v\d+(?:p\d+)?(?:(?:alpha|beta)\d*)?$/;

/** @throws {SemcacheError} `upstream-invalid`, `upstream-missing`; `not-found` for a request target without a path. */
export function resolveUpstreamTarget(options: UpstreamTargetOptions): UpstreamTarget {
  const { route, rawHeaders, providers } = options;
  const upstream = findHeader(rawHeaders, "x-llm-proxy-upstream");
  if (upstream !== null) {
    const url = parseHttpUrl(upstream, "x-llm-proxy-upstream");
    return { url, requestTarget: `${url.pathname}${url.search}`, kind: "proxy-upstream" };
  }
  const host = findHeader(rawHeaders, "x-llm-proxy-host");
  const base = host === null ? null : parseHttpUrl(host, "x-llm-proxy-host");
  const { path, query } = splitRequestPath(options.requestPath);

  switch (route) {
    case "openai-chat-completions":
      return base
        ? join(base, OPENAI_PATH, query, "proxy-host")
        : join(parseHttpUrl(providers.openai, "base_url"), OPENAI_PATH, query, "openai");
    case "anthropic-messages":
      return base
        ? join(base, ANTHROPIC_PATH, query, "proxy-host")
        : join(parseHttpUrl(providers.anthropic, "base_url"), ANTHROPIC_PATH, query, "anthropic");
    case "generic":
      if (!base) {
        throw new SemcacheError(
          "upstream-missing",
          "Cannot forward the request: this route needs the header x-llm-proxy-upstream or x-llm-proxy-host",
        );
      }
      return join(
        base,
        path.startsWith(`${GENERIC_PREFIX}/`) ? path.slice(GENERIC_PREFIX.length) : path,
        query,
        "proxy-host",
      );
    case "other":
      if (base) return join(base, path, query, "proxy-host");
      if (isAnthropic(path, rawHeaders)) {
        return join(parseHttpUrl(providers.anthropic, "base_url"), path, query, "anthropic");
      }
      return join(parseHttpUrl(providers.openai, "base_url"), withVersion(path), query, "openai");
    default:
      route satisfies never;
      throw new SemcacheError("internal", `Cannot forward the request: unknown route ${String(route)}`);
  }
}

/** Text is put together, never resolved: a path such as `//evil.example` must not become a host. */
function join(base: URL, path: string, query: string | null, kind: UpstreamTarget["kind"]): UpstreamTarget {
  const basePath = withoutTrailing(base.pathname, "/");
  const rest = VERSION_SEGMENT.test(basePath) && startsWithSegment(path, "/v1") ? path.slice("/v1".length) : path;
  const queries = [base.search.slice(1) || null, query].filter((part) => part !== null);
  const requestTarget = `${basePath}${rest}${queries.length > 0 ? `?${queries.join("&")}` : ""}` || "/";
  const originForm = requestTarget.startsWith("/") ? requestTarget : `/${requestTarget}`;
  // A `#` in a request target is no fragment (RFC 9112, 3.2.1); it must stay in the URL that becomes the cache key.
  const url = new URL(base.origin + originForm.replaceAll("#", "%23"));
  return { url, requestTarget: originForm, kind };
}

function splitRequestPath(target: string): { path: string; query: string | null } {
  const originForm = target.startsWith("/") ? target : target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, "");
  if (originForm === target && !target.startsWith("/")) {
    throw new SemcacheError("not-found", "Cannot forward the request: its target has no path");
  }
  const mark = originForm.indexOf("?");
  const path = mark === -1 ? originForm : originForm.slice(0, mark);
  return { path: path === "" ? "/" : path, query: mark === -1 ? null : originForm.slice(mark + 1) };
}

function isAnthropic(path: string, rawHeaders: readonly string[]): boolean {
  return (
    ANTHROPIC_PATHS.some((prefix) => path.startsWith(prefix)) ||
    ANTHROPIC_HEADERS.some((name) => hasHeader(rawHeaders, name))
  );
}

function withVersion(path: string): string {
  return startsWithSegment(path, "/v1") ? path : `/v1${path}`;
}

function startsWithSegment(path: string, segment: string): boolean {
  return path.startsWith(segment) && (path.length === segment.length || path[segment.length] === "/");
}

function parseHttpUrl(text: string, source: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new SemcacheError("upstream-invalid", `Cannot read ${source}: "${redact(text)}" is not an http(s) URL`);
  }
  // "api.example.com:8080" parses, with the host as its scheme; "https:api.example.com" does too, and means a host.
  if ((url.protocol !== "https:" && url.protocol !== "http:") || !/^https?:\/\//i.test(text)) {
    throw new SemcacheError(
      "upstream-invalid",
      `Cannot read ${source}: "${redact(text)}" does not begin with http:// or https://`,
    );
  }
  url.hash = "";
  return url;
}

/** Neither a query nor user information may reach a message: both carry credentials. */
function redact(text: string): string {
  return text
    .replace(/[?#].*$/s, "")
    .replace(/\/\/[^/]*@/, "//")
    .slice(0, 200);
}

function hasHeader(rawHeaders: readonly string[], name: string): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) return true;
  }
  return false;
}

function findHeader(rawHeaders: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== name) continue;
    // Which of two would be meant is a guess, and a guess decides where credentials go.
    if (found !== null) throw new SemcacheError("upstream-invalid", `Cannot read ${name}: the request has it twice`);
    found = (rawHeaders[index + 1] ?? "").trim();
  }
  return found;
}
