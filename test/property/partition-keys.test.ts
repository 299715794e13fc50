import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toExactKey, toPartitionKey, type PartitionInput } from "#semcache/cache/partition.js";
import type { TenantId } from "#semcache/model/keys.js";

/** Few short texts, full of what joins and delimiters are made of: two draws are often equal, or nearly. */
const text = fc.constantFrom(
  "",
  "a",
  "b",
  "ab",
  "a\nb",
  '"',
  '","',
  "1:a",
  " ",
  "a ",
  "[]",
  "null",
  "\u0000",
  "é",
  "e\u0301",
);
const flags = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 });

const request = fc.record({
  tenant: text,
  namespace: text,
  dialect: fc.constantFrom("openai-chat" as const, "generic-json" as const),
  path: fc.constantFrom("/v1", "/v1/", "/v1?key=1", "/v1?key=2"),
  frame: fc.record({ model: text, system: text, history: text, tools: text, parameters: text }),
  version: fc.option(text),
  beta: flags,
  vary: fc.array(text, { maxLength: 2 }),
  prompt: fc.option(fc.array(text, { maxLength: 3 })),
});
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

function toInput(made: Request): PartitionInput {
  const { tenant, namespace, dialect, path, frame, version, beta, vary } = made;
  return {
    tenant: tenant as TenantId,
    namespace,
    dialect,
    url: new URL(path, "https://provider.example"),
    rawHeaders: [
      ...beta.flatMap((flag) => ["Anthropic-Beta", flag]),
      ...vary.flatMap((value) => ["X-Vary", value]),
      ...(version === null ? [] : ["anthropic-version", version]),
    ],
    varyHeaders: ["x-vary"],
    ignoreFields: [],
    frame,
  };
}

/** What must be equal, in plain words. */
function toMeaning({ tenant, namespace, dialect, path, frame, version, beta, vary }: Request): unknown {
  return [tenant, namespace, dialect, path, frame, version, beta.toSorted(), vary];
}

/** Pairs that differ in a field or two: independent draws would hardly ever be equal. */
const pair = fc
  .tuple(
    request,
    request,
    fc.subarray(["tenant", "namespace", "dialect", "path", "version", "beta", "vary", "prompt", "frame"] as const, {
      maxLength: 2,
    }),
  )
  .map(
    ([a, other, differing]) =>
      [a, { ...a, ...Object.fromEntries(differing.map((name) => [name, other[name]])) }] as const,
  );

describe("keys", () => {
  test("two requests share a partition, and an exact key, if and only if everything that counts is equal", () => {
    let equal = 0;
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [keyA, keyB] = [toPartitionKey(toInput(a)), toPartitionKey(toInput(b))];
        const isSame = JSON.stringify(toMeaning(a)) === JSON.stringify(toMeaning(b));
        const isSamePrompt = JSON.stringify(a.prompt) === JSON.stringify(b.prompt);
        if (isSame && isSamePrompt) equal++;
        expect(keyA.partition === keyB.partition).toBe(isSame);
        expect(toExactKey(keyA.partition, a.prompt) === toExactKey(keyB.partition, b.prompt)).toBe(
          isSame && isSamePrompt,
        );
        for (const part of ["model", "system", "history", "tools", "parameters"] as const) {
          expect(keyA.parts[part] === keyB.parts[part]).toBe(a.frame[part] === b.frame[part]);
        }
      }),
      { numRuns: 3000 },
    );
    // The test would prove nothing if it had seen only unequal pairs.
    expect(equal).toBeGreaterThan(100);
  });

  test("a text that moves from one part to its neighbour gives another key", () => {
    fc.assert(
      fc.property(request, fc.string({ minLength: 1 }), fc.nat(), ({ frame, ...rest }, joined, at) => {
        const cut = at % joined.length;
        const [a, b] = [
          { system: joined.slice(0, cut), history: joined.slice(cut) },
          { system: joined, history: "" },
        ];
        const [keyA, keyB] = [a, b].map(
          (part) => toPartitionKey({ ...toInput({ ...rest, frame }), frame: { ...frame, ...part } }).partition,
        );
        expect(keyA).not.toBe(keyB);
      }),
    );
  });
});
