import { expect, test } from "vitest";
import type { LookupHit } from "../cache/lookup-outcome.ts";
import { untracedRequest } from "../telemetry/tracing/tracing.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { createAuditor } from "./auditor.ts";
import { createProviderAsker } from "./provider-asker.ts";

const exchange = {
  id: "request",
  request: { method: "POST", rawHeaders: [], headers: {} },
  body: { kind: "whole", bytes: Buffer.from("{}") },
  trace: untracedRequest,
} as unknown as Exchange;
const understood = {
  plan: { onlyIfCached: false, namespace: "default" },
  frame: { frameDigest: "frame" },
  partition: "partition",
  tenant: "tenant",
  request: { model: null, form: { shape: "json", includeUsage: false } },
  target: { url: new URL("https://api.openai.com/v1/chat/completions"), requestTarget: "/", kind: "openai" },
  dialect: { examine: () => ({ kind: "storable", semantic: true, text: "" }) },
} as unknown as UnderstoodRequest;
const entry = { id: "entry", answer: {} };
const hit = { match: "semantic", served: { pair: "pair" }, entry } as unknown as LookupHit;
const equal = { match: "exact", served: null, entry } as unknown as LookupHit;

/** Audits of a provider that never answers. */
function begin(timeoutMs: number, rates = { exact: 1, semantic: 1 }) {
  const calls: { aborted: boolean }[] = [];
  const outcomes: string[] = [];
  let told: () => void = () => undefined;
  const auditor = createAuditor({
    rates,
    random: () => 0,
    ask: createProviderAsker({
      upstream: {
        call() {
          const call = { aborted: false };
          calls.push(call);
          return { pause: () => undefined, resume: () => undefined, abort: () => void (call.aborted = true) };
        },
      },
      settings: { varyHeaders: [], tenantHeader: null, maxEntryBytes: 1_000 },
    }),
    comparer: { compare: () => Promise.reject(new Error("There is nothing to compare")) },
    trust: { audited: () => expect.fail("An audit without an answer says nothing") },
    timeoutMs,
    onOutcome(outcome, { match }) {
      outcomes.push(match === "exact" ? `exact ${outcome}` : outcome);
      told();
    },
  });
  const outcomesAre = (count: number) =>
    new Promise<void>((resolve) => {
      told = () => outcomes.length >= count && resolve();
      told();
    });
  return { auditor, calls, outcomes, outcomesAre };
}

test("a provider that does not answer gives its place back", async () => {
  const { auditor, calls, outcomes, outcomesAre } = begin(5);
  for (let index = 0; index < 3; index++) auditor.consider(exchange, understood, hit);
  expect(outcomes).toEqual(["skipped"]);
  await outcomesAre(3);
  expect(outcomes).toEqual(["skipped", "failed", "failed"]);
  auditor.consider(exchange, understood, hit);
  await outcomesAre(4);
  expect(calls).toEqual([{ aborted: true }, { aborted: true }, { aborted: true }]);
  await auditor.close();
});

test("equal requests, which are many, take no place of the others", async () => {
  const { auditor, calls, outcomes } = begin(60_000);
  for (const each of [equal, equal, equal, hit, hit, hit]) auditor.consider(exchange, understood, each);
  expect([outcomes, calls.length]).toEqual([["exact skipped", "skipped"], 4]);
  await auditor.close();
  expect(outcomes.toSorted()).toEqual(["exact failed", "exact failed", "exact skipped", "failed", "failed", "skipped"]);
});

test.each([
  [{ exact: 0, semantic: 1 }, ["failed"]],
  [{ exact: 1, semantic: 0 }, ["exact failed"]],
])("each kind has its share: %j", async (rates, expected) => {
  const { auditor, outcomes } = begin(60_000, rates);
  for (const each of [equal, hit]) auditor.consider(exchange, understood, each);
  await auditor.close();
  expect(outcomes).toEqual(expected);
});

test("closing breaks off what is under way, and none is begun after it", async () => {
  const { auditor, calls, outcomes } = begin(60_000);
  auditor.consider(exchange, understood, hit);
  await auditor.close();
  auditor.consider(exchange, understood, hit);
  expect([calls, outcomes]).toEqual([[{ aborted: true }], ["failed"]]);
});
