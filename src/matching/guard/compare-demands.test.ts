import { describe, expect, it } from "vitest";
import { compareDemands } from "./compare-demands.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) =>
  compareDemands(toPromptText(a), toPromptText(b)).map((difference) => difference.kind);

describe("another demand on the answer", () => {
  it.each([
    ["Explain gravity in French", "Explain gravity in German", "demand-value"],
    ["Explain gravity", "Explain gravity in French", "demand-missing"],
    ["List the planets", "List the planets as JSON", "demand-missing"],
    ["List the planets as JSON", "List the planets as XML", "demand-value"],
    ["Explain gravity", "Explain gravity to a child", "demand-missing"],
    ["Explain gravity to a beginner", "Explain gravity to an expert", "demand-value"],
    ["Explain gravity", "Explain gravity in 3 sentences", "demand-missing"],
    ["Explain gravity in a paragraph", "Explain gravity in one sentence", "demand-value"],
    ["Explain gravity", "ELI5 gravity", "demand-missing"],
    ["Explain gravity", "Explain gravity like I'm five", "demand-missing"],
    ["Describe autumn", "Describe autumn in a poem", "demand-missing"],
    ["Explain gravity briefly", "Explain gravity in detail", "demand-extent"],
    ["sort a list in Python", "sort a list in Ruby", "demand-value"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toContain(kind);
    expect(kinds(b, a)).toContain(kind);
  });
});

describe("the same demand, or none", () => {
  it.each([
    ["python sort list", "sort a list in Python"],
    ["Explain gravity to a child", "Explain gravity for kids"],
    ["List the planets as JSON", "List the planets in JSON format"],
    ["ELI5 gravity", "explain gravity like i'm five"],
    ["What is gravity?", "Explain gravity"],
    ["Explain gravity briefly", "Explain gravity concisely"],
    ["Describe how tea is made in China", "How is tea made in China?"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
