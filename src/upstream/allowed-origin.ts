import { SemcacheError } from "../base/errors.ts";
import { withoutTrailing } from "../base/trailing.ts";
import { redactUrl } from "../telemetry/redacted-url.ts";

/** One entry of `upstream.allow`: scheme, host and port must match; `*.` stands for one or more labels. */
export interface AllowedOrigin {
  readonly protocol: string;
  readonly hostname: string;
  readonly anySubdomain: boolean;
  /** Empty: the scheme's own port. */
  readonly port: string;
}

const WILDCARD = "*.";
const FORM = "an origin such as http://10.0.0.5:11434 or https://*.corp.example";

/** @throws {SemcacheError} `config-invalid`, with the entry. */
export function parseAllowedOrigin(entry: string): AllowedOrigin {
  const match = /^(https?:\/\/)(\*\.)?(.*)$/i.exec(entry.trim());
  const url = match ? parseUrl(`${match[1]}${match[3]}`) : null;
  if (!url)
    throw new SemcacheError("config-invalid", `Cannot read upstream.allow "${redactUrl(entry)}": it must be ${FORM}`);
  const anySubdomain = match?.[2] !== undefined;
  if (url.username || url.password) {
    throw new SemcacheError("config-invalid", `Cannot read upstream.allow for "${url.host}": it has credentials`);
  }
  if (url.pathname !== "/" || url.search || url.hash) {
    throw new SemcacheError(
      "config-invalid",
      `Cannot read upstream.allow "${redactUrl(entry)}": it must be ${FORM}, without path and query`,
    );
  }
  if (url.hostname.includes("*") || (anySubdomain && isAddressLiteral(url.hostname))) {
    throw new SemcacheError(
      "config-invalid",
      `Cannot read upstream.allow "${redactUrl(entry)}": ${WILDCARD} may only stand before a name`,
    );
  }
  return { protocol: url.protocol, hostname: withoutTrailingDots(url.hostname), anySubdomain, port: url.port };
}

/** The origin of a provider's base URL. @throws {SemcacheError} `config-invalid`, with the URL's host. */
export function parseProviderOrigin(baseUrl: string): AllowedOrigin {
  const url = parseUrl(baseUrl);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new SemcacheError(
      "config-invalid",
      `Cannot read a provider's base_url "${redactUrl(baseUrl)}": it is no http(s) URL`,
    );
  }
  if (url.username || url.password) {
    throw new SemcacheError("config-invalid", `Cannot read the base_url of "${url.host}": it has credentials`);
  }
  return { protocol: url.protocol, hostname: withoutTrailingDots(url.hostname), anySubdomain: false, port: url.port };
}

export function matchesOrigin(url: URL, origin: AllowedOrigin): boolean {
  if (url.protocol !== origin.protocol || url.port !== origin.port) return false;
  const hostname = withoutTrailingDots(url.hostname);
  return origin.anySubdomain ? hostname.endsWith(`.${origin.hostname}`) : hostname === origin.hostname;
}

/** `example.com.` is the same name as `example.com` to DNS (RFC 1034, 3.1). */
export function withoutTrailingDots(hostname: string): string {
  return withoutTrailing(hostname, ".");
}

/** For host names as the WHATWG URL parser leaves them: IPv4 in decimal form, IPv6 in brackets. */
export function isAddressLiteral(hostname: string): boolean {
  return hostname.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
