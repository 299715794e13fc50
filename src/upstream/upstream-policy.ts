import { SemcacheError } from "../base/errors.ts";
import {
  isAddressLiteral,
  matchesOrigin,
  parseAllowedOrigin,
  parseProviderOrigin,
  withoutTrailingDots,
} from "./allowed-origin.ts";
import { describeAddress } from "./special-addresses.ts";

/** Which addresses requests may go to. Guards against server-side request forgery (OWASP SSRF). */
export interface UpstreamPolicy {
  /** Everything that can be told before DNS. @throws {SemcacheError} `upstream-forbidden`, `upstream-invalid` */
  assertUrl(url: URL): void;
  /** May `url` be fetched from this IP address, a DNS answer or the literal in the URL? */
  isAddressAllowed(url: URL, address: string): boolean;
}

export interface UpstreamPolicyOptions {
  /** Origins that are allowed beside public https ones; the host may start with `*.`. */
  readonly allow: readonly string[];
  /** False: only `providers` and `allow`. */
  readonly allowPublic: boolean;
  /** Base URLs; their origins are always allowed. */
  readonly providers: readonly string[];
  /** An egress proxy resolves names where we cannot see the answers, so names have to look public. */
  readonly viaEgressProxy: boolean;
}

/** Names that never mean a public host: RFC 6761 (localhost), RFC 6762 (local), ICANN resolution 2024.07.29 (internal). */
const PRIVATE_SUFFIXES = ["localhost", "local", "internal"] as const;

/** @throws {SemcacheError} `config-invalid` with the wrong entry. */
export function createUpstreamPolicy(options: UpstreamPolicyOptions): UpstreamPolicy {
  const { allowPublic, viaEgressProxy } = options;
  const origins = [...options.providers.map(parseProviderOrigin), ...options.allow.map(parseAllowedOrigin)];
  const isListed = (url: URL) => origins.some((origin) => matchesOrigin(url, origin));

  return {
    assertUrl(url) {
      if (url.protocol !== "https:" && url.protocol !== "http:") {
        throw new SemcacheError("upstream-invalid", `Cannot call an upstream over ${url.protocol}: it must be http(s)`);
      }
      if (url.username || url.password) throw forbidden(url, "the URL has credentials; send them in a header");
      if (isListed(url)) return;
      if (!allowPublic) throw forbidden(url, "upstream.allow_public is off, and it is not in upstream.allow");
      const refusal = isAddressLiteral(url.hostname)
        ? refuseAddress(literalAddress(url.hostname))
        : refuseName(withoutTrailingDots(url.hostname), viaEgressProxy);
      if (refusal) throw forbidden(url, `${refusal}, and it is not in upstream.allow`);
      if (url.protocol === "http:")
        throw forbidden(url, "plain http to a public host must be listed in upstream.allow");
    },
    isAddressAllowed(url, address) {
      return isListed(url) || (allowPublic && url.protocol === "https:" && describeAddress(address).reachable);
    },
  };
}

/** The address of a literal host as the URL parser leaves it, without brackets. */
export function literalAddress(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

function refuseAddress(address: string): string | null {
  const kind = describeAddress(address);
  return kind.reachable ? null : `this address is not public: ${kind.name}`;
}

function refuseName(name: string, viaEgressProxy: boolean): string | null {
  for (const suffix of PRIVATE_SUFFIXES) {
    if (name === suffix || name.endsWith(`.${suffix}`)) return `names under .${suffix} are not public`;
  }
  // "postgres" or "vault": resolved by the proxy, in its own network.
  if (viaEgressProxy && !name.includes(".")) return "names without a dot are not public";
  return null;
}

function forbidden(url: URL, why: string): SemcacheError {
  return new SemcacheError("upstream-forbidden", `Cannot call ${url.protocol}//${url.host}: ${why}`);
}
