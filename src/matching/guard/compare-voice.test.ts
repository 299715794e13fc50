import { describe, expect, it } from "vitest";

import { compareVoice } from "./compare-voice.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareVoice(one, other).map((difference) => difference.kind);
};

describe("who does and who is done to", () => {
  it.each([
    ["who killed caesar", "who did caesar kill", "order-voice"],
    ["Who taught Plato?", "Who did Plato teach?", "order-voice"],
    ["what eats frogs", "what do frogs eat", "order-voice"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("the same roles", () => {
  it.each([
    ["who killed caesar", "who was caesar killed by"],
    ["who killed caesar", "who did kill caesar and brutus"],
    ["what does a frog eat", "what do frogs eat"],
    ["what do er what kind of cat purrs", "what kind of cat purrs"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
