import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dotProduct } from "../base/dot-product.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import { KeptPrompt, Shelf } from "./kept-prompt.ts";
import type { ReplayRequest } from "./replay-request.ts";

const request = (changes: Partial<ReplayRequest> = {}): ReplayRequest => ({
  line: 1,
  partition: "p" as PartitionKey,
  exactKey: "e" as ExactKey,
  promptText: "a",
  exactOnly: null,
  ttlMs: 1000,
  isVolatile: false,
  timeMs: null,
  model: null,
  tokens: null,
  label: { kind: "none" },
  answerText: null,
  keeps: "by-meaning",
  frameParts: null,
  ...changes,
});

const kept = (line: number, values: readonly number[], settings = 1) =>
  new KeptPrompt(
    request({ line }),
    { kind: "comparable", vector: { embedderId: "e", values: Float32Array.from(values) } },
    settings,
  );

describe("what a cache holds", () => {
  it.each<[string, number | null, number | null, boolean, boolean]>([
    ["before its time is over", 0, 999, false, true],
    ["not when it is", 0, 1000, false, false],
    ["for ever without times", null, null, false, true],
    ["for ever where one has no time", 0, null, false, true],
    ["not about now, without times", null, null, true, false],
    ["about now, within its time", 0, 999, true, true],
  ])("%s", (_, storedAt, askedAt, isVolatile, expected) => {
    const own = new KeptPrompt(request({ timeMs: storedAt, isVolatile }), null, 2);
    own.store(1, own.first);
    expect(own.isHeld(1, { timeMs: askedAt })).toBe(expected);
    expect(own.isHeld(0, { timeMs: askedAt })).toBe(false);
  });

  it("begins anew when it is stored again", () => {
    const own = new KeptPrompt(request({ timeMs: 0 }), null, 1);
    own.store(0, own.first);
    const again = request({ line: 9, timeMs: 5000 });
    own.store(0, again);
    expect([own.isHeld(0, { timeMs: 5500 }), own.holder.line]).toEqual([true, 9]);
  });
});

describe("the search among what is held", () => {
  it("is that of all held ones, sorted by cosine, however many there are", () => {
    const value = fc.integer({ min: -100, max: 100 });
    const stored = fc.record({ values: fc.tuple(value, value), held: fc.boolean() });
    fc.assert(
      fc.property(fc.array(stored, { maxLength: 200 }), fc.tuple(value, value), fc.nat(10), (all, asked, count) => {
        const shelf = new Shelf();
        const prompts = all.map(({ values, held }, index) => {
          const prompt = kept(index, values);
          if (held) prompt.store(0, prompt.first);
          shelf.add(prompt);
          return prompt;
        });
        const vector = Float32Array.from(asked);
        const found = shelf.search(vector, count)((prompt) => prompt.isHeld(0, { timeMs: null }));
        const expected = prompts
          .filter((prompt) => prompt.isHeld(0, { timeMs: null }))
          .map(({ prepared }) => (prepared?.kind === "comparable" ? dotProduct(vector, prepared.vector.values) : 0))
          .toSorted((a, b) => b - a)
          .slice(0, count);
        expect(found.map(({ similarity }) => similarity)).toEqual(expected);
      }),
    );
  });

  it("finds nothing twice, and nothing that matches equal requests only", () => {
    const shelf = new Shelf();
    const one = kept(1, [1, 0]);
    shelf.add(one);
    shelf.add(one);
    shelf.add(new KeptPrompt(request(), { kind: "exact-only", reason: "too-long" }, 1));
    shelf.add(new KeptPrompt(request(), null, 1));
    expect(shelf.search(Float32Array.of(1, 0), 8)(() => true)).toHaveLength(1);
  });
});
