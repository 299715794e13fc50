import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareOwners } from "./compare-owners.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareOwners(one, other, align(one, other)).map((difference) => difference.kind);
};

describe("whose it is", () => {
  it.each([
    ["how do I reset my password", "how do I reset his password", "owner-value"],
    ["what is my name", "what is your name", "owner-value"],
    ["where is her car", "where is his car", "owner-value"],
    ["what is his old red car worth", "what is my old red car worth", "owner-value"],
    ["where is her car", "where did he leave his car", "owner-other"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("anybody, or the same owner", () => {
  it.each([
    ["how do I wash my car", "how do you wash your car"],
    ["how can one train their own model", "how can I train my own model"],
    ["how do I control my thoughts", "how do I control your thoughts"],
    ["what is our address", "what is my address"],
    ["reset my password", "reset the password"],
    ["my car and your car", "your car and my car"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
