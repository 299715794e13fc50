import type { ErrorCode } from "../base/errors.ts";
import type { RequestReport } from "./request-report.ts";

/** What a provider failed with: Semcache's own codes about providers, and what a provider said itself. */
export const providerErrorKinds = [
  "upstream-unreachable",
  "upstream-broken",
  "upstream-connect-timeout",
  "upstream-headers-timeout",
  "upstream-idle-timeout",
  "http-429",
  "http-4xx",
  "http-5xx",
] as const;
export type ProviderErrorKind = (typeof providerErrorKinds)[number];

const ofCode: ReadonlyMap<ErrorCode | ProviderErrorKind, ProviderErrorKind> = new Map(
  providerErrorKinds.map((kind) => [kind, kind]),
);

/** Null: the provider was not asked, or answered. What a stale answer covers up is told too. */
export function toProviderErrorKind({ error, stale, cacheStatus, status }: RequestReport): ProviderErrorKind | null {
  if (error !== null) return ofCode.get(error) ?? null;
  switch (stale) {
    case "provider-unreachable":
      return "upstream-unreachable";
    case "provider-timeout":
      return "upstream-headers-timeout";
    case "provider-broken":
      return "upstream-broken";
    case "provider-5xx":
      return "http-5xx";
    case "revalidating":
    case "max-stale":
    case null:
      break;
    default:
      return stale satisfies never;
  }
  // The status of a hit is the stored one.
  if (cacheStatus === "hit" || cacheStatus === "stale" || status < 400) return null;
  if (status === 429) return "http-429";
  return status < 500 ? "http-4xx" : "http-5xx";
}
