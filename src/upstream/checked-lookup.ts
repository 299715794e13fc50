import dns from "node:dns";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { SemcacheError } from "../base/errors.ts";
import { describeAddress } from "./special-addresses.ts";
import type { UpstreamPolicy } from "./upstream-policy.ts";

/**
 * A DNS lookup for one URL that gives only addresses which the policy allows. It is the lookup of the socket itself, so
 * what was checked is what is connected to: a name that changes its answer in between (DNS rebinding) gains nothing.
 */
export function createCheckedLookup(
  url: URL,
  policy: UpstreamPolicy,
  lookup: LookupFunction = dns.lookup,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, answer) => {
      if (error) return callback(error, options.all ? [] : "", 0);
      // `all: true` was asked for; a lookup that was passed in may still answer with one address.
      const answers: LookupAddress[] = typeof answer === "string" ? [toLookupAddress(answer)] : answer;
      const allowed = answers.filter(({ address }) => policy.isAddressAllowed(url, address));
      const first = allowed[0];
      if (!first) return callback(forbiddenAnswers(url, answers), options.all ? [] : "", 0);
      if (options.all) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}

function toLookupAddress(address: string): LookupAddress {
  return { address, family: address.includes(":") ? 6 : 4 };
}

function forbiddenAnswers(url: URL, answers: readonly LookupAddress[]): SemcacheError {
  // The addresses are for the log: callers must not learn how internal names resolve.
  const kinds = answers.map(({ address }) => `${address}: ${describeAddress(address).name}`).join(", ");
  return new SemcacheError(
    "upstream-forbidden",
    `Cannot call ${url.protocol}//${url.host}: its address is not public, and it is not in upstream.allow`,
    { cause: new Error(kinds || "no addresses") },
  );
}
