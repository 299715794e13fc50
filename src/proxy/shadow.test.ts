import { expect, test } from "vitest";
import { miss } from "../cache/lookup-outcome.ts";
import type { MissReason } from "../model/reason.ts";
import type { CachedRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { createShadow } from "./shadow.ts";

const exchange = { id: "request" } as unknown as Exchange;
const cached = (read: "none" | "exact" | "semantic") =>
  ({
    plan: { read, namespace: "default" },
    frame: { frameDigest: "frame" },
    partition: "partition",
    tenant: "tenant",
    request: { model: "gpt-4o" },
  }) as unknown as CachedRequest;

function begin() {
  const noted: string[] = [];
  const told: string[] = [];
  const shadow = createShadow({
    ledger: {
      addMiss: (_, reason) => void noted.push(reason),
      addHit: () => expect.fail("There was no hit"),
    },
    comparer: { compare: () => Promise.reject(new Error("There is nothing to compare")) },
    ask: null,
    maxEntryBytes: 1_000,
    onLookup: (outcome) => void told.push(outcome),
    onOutcome: () => expect.fail("There was no hit"),
  });
  return { shadow, noted, told };
}

test.each<readonly [MissReason, "none" | "exact" | "semantic"]>([
  ["frame-new", "semantic"],
  ["frame-new", "exact"],
  ["verifier-low", "semantic"],
  ["lookup-timeout", "semantic"],
])("a lookup that ends in %s (%s) is one", (reason, read) => {
  const { shadow, noted, told } = begin();
  expect(shadow.observe(exchange, cached(read), miss(reason, {}))).toBeNull();
  expect([noted, told]).toEqual([[reason], ["miss"]]);
});

test.each<readonly [string, MissReason, "none" | "semantic"]>([
  ["a caller who wants a fresh answer", "refresh", "none"],
  ["models or entries that are still loaded", "unavailable", "semantic"],
])("%s: no lookup, no part of the hit rate", (_, reason, read) => {
  const { shadow, noted, told } = begin();
  expect(shadow.observe(exchange, cached(read), miss(reason, {}))).toBeNull();
  expect([noted, told]).toEqual([[], []]);
});
