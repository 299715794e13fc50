import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TEMPLATE_WORDS, toTemplateDifference } from "./template-diff.ts";

const head =
  "You are a careful translator. Read the text below, keep its meaning and its tone, add nothing of your own, explain no " +
  "choice that you make, and translate the whole of it";
const tail = "Text: the meeting was moved to Friday because the hall is not free before.";

describe("prompts of one long template", () => {
  it("keeps what differs and a few words around it", () => {
    expect(toTemplateDifference({ a: `${head} into Danish. ${tail}`, b: `${head} into Finnish. ${tail}` })).toEqual({
      a: "make, and translate the whole of it into Danish. Text: the meeting was moved to Friday because",
      b: "make, and translate the whole of it into Finnish. Text: the meeting was moved to Friday because",
    });
  });

  it("keeps the context of what only one prompt has", () => {
    expect(toTemplateDifference({ a: `${head} ${tail}`, b: `${head} into Danish ${tail}` })).toEqual({
      a: "you make, and translate the whole of it Text: the meeting was moved to Friday because",
      b: "you make, and translate the whole of it into Danish Text: the meeting was moved to Friday because",
    });
  });

  it("spans two places that differ", () => {
    const difference = toTemplateDifference({
      a: `${head} into Danish. ${tail} Thanks`,
      b: `${head} from Danish. ${tail} Hi`,
    });
    expect(difference?.a).toBe(`you make, and translate the whole of it into Danish. ${tail} Thanks`);
  });

  it.each([
    ["too few words shared", "What is the capital of France?", "What is the capital of Spain?"],
    ["nothing differs but case and marks", `${head} ${tail}`, `${head.toUpperCase()} ${tail.replace(".", "")}`],
    ["the same words in the middle only", `One ${head} two`, `Three ${head} four`],
  ])("is null where %s", (_why, a, b) => {
    expect(toTemplateDifference({ a, b })).toBeNull();
  });

  it("never keeps fewer words than differ, nor more than there are", () => {
    const word = fc.constantFrom("red", "green", "blue", "one", "two");
    const words = (maxLength: number) => fc.array(word, { maxLength });
    fc.assert(
      fc.property(words(40), words(5), words(5), words(40), (before, inA, inB, after) => {
        const a = [...before, ...inA, ...after];
        const b = [...before, ...inB, ...after];
        const difference = toTemplateDifference({ a: a.join(" "), b: b.join(" ") });
        if (difference === null) return;
        expect(before.length + after.length + inA.length).toBeGreaterThan(TEMPLATE_WORDS);
        for (const [cut, whole] of [
          [difference.a, a],
          [difference.b, b],
        ] as const) {
          expect(whole.join(" ")).toContain(cut);
          expect(cut.split(" ").length).toBeLessThanOrEqual(16 + 5);
        }
        expect(difference.a).not.toBe(difference.b);
      }),
    );
  });
});
