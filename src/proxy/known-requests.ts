import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";

/** Bytes that the texts of all remembered requests may take, and what else one of them costs. */
const MAX_BYTES = 8 * 1024 * 1024;
const FIXED_BYTES = 2_000;

/**
 * Headers that are new for each request and that nothing here looks at. All others count, known or not: a request that
 * differs in one of them is read again.
 */
const requestIds: readonly string[] = [
  "traceparent",
  "tracestate",
  "baggage",
  "b3",
  "x-b3-traceid",
  "x-b3-spanid",
  "x-b3-parentspanid",
  "x-amzn-trace-id",
  "x-cloud-trace-context",
  "x-request-id",
  "x-correlation-id",
  "x-client-request-id",
  "idempotency-key",
  "x-stainless-retry-count",
];

/**
 * Requests that were answered by an exact hit, by all of their bytes. What is asked again is usually sent again by the
 * same program: it is recognised by two hashes instead of being parsed, put into canonical form and hashed part by part.
 */
export class KnownRequests {
  readonly #ignored: ReadonlyMap<number, readonly string[]>;
  readonly #known = new LRUCache<string, UnderstoodRequest>({
    maxSize: MAX_BYTES,
    // Not the prompt alone: the caller may as well choose a model or an address of a megabyte.
    sizeCalculation: (understood) =>
      FIXED_BYTES + Math.max(4 * understood.promptText.length, 2 * JSON.stringify(understood).length),
  });

  /** @param counted headers that configuration gives a meaning, in lower case */
  constructor({ counted }: { readonly counted: readonly string[] }) {
    const ignored = requestIds.filter((name) => !counted.includes(name));
    this.#ignored = groupByLength(ignored);
  }

  /** Null: a request of this kind is not remembered. */
  keyOf({ route, target, request, body }: Exchange): string | null {
    if (body.kind !== "whole" || route === "other") return null;
    let text = `${route} ${target}`;
    const { rawHeaders } = request;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] as string;
      // Neither a target nor a header has a line break in it: no part can run over into its neighbour.
      if (!this.#isIgnored(name)) text += `\n${name}:${rawHeaders[index + 1]}`;
    }
    return hash("sha256", text, "base64url") + hash("sha256", body.bytes, "base64url");
  }

  get(key: string): UnderstoodRequest | null {
    return this.#known.get(key) ?? null;
  }

  add(key: string, request: UnderstoodRequest): void {
    this.#known.set(key, request);
  }

  /** Most names differ from all of these in length, which saves the lower-casing. */
  #isIgnored(name: string): boolean {
    return this.#ignored.get(name.length)?.includes(name.toLowerCase()) ?? false;
  }
}

function groupByLength(names: readonly string[]): ReadonlyMap<number, readonly string[]> {
  const groups = new Map<number, string[]>();
  for (const name of names) {
    const group = groups.get(name.length);
    if (group) group.push(name);
    else groups.set(name.length, [name]);
  }
  return groups;
}
