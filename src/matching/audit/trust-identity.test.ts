import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PartitionKey } from "../../model/keys.ts";
import { createMemoryStateStore } from "../../store/state-store.ts";
import { toHarmlessForm } from "../harmless-form.ts";
import { createTrust } from "./trust.ts";

const partition = "partition-one" as PartitionKey;
const begin = () =>
  createTrust({
    state: createMemoryStateStore(),
    clock: { now: () => 1_000 },
    maxErrorRate: 0.01,
    onRaised: () => undefined,
  });

test.each([
  ["what is a mb", "what is a mb?"],
  ["what is a mb", "What is a the the MB ?!".replace("a the the", "a")],
  ["what is the plan", "what is the the plan..."],
  ["explain Bob's idea", "explain Bob\u2019s idea!"],
  ["run `x`\nnow", "RUN `x` now."],
])("barred for %j is barred for %j", (told, asked) => {
  const trust = begin();
  trust.toldBy(trust.identify(partition, "stored", told), "wrong");
  expect(trust.standing(trust.identify(partition, "stored", asked)).barred).toBe(true);
});

test("what the matcher calls identical, and what differs in case and blanks alone, is one pair", () => {
  const trust = begin();
  const word = fc.constantFrom(
    ..."what is the The of of. 5! Mb ? ... it's it\u2019s `x` \n \u00A0 Baden \uFF15".split(" "),
  );
  const prompt = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" "));
  const keyOf = (text: string) => trust.identify(partition, "stored", text).pair;
  fc.assert(
    fc.property(prompt, (text) => {
      expect(keyOf(toHarmlessForm(text))).toBe(keyOf(text));
      expect(keyOf(` ${text.toUpperCase().replaceAll(" ", "\n ")}`)).toBe(keyOf(text));
    }),
    { numRuns: 500 },
  );
});
