import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareAddedRequests } from "./compare-added-requests.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareAddedRequests(one, other, align(one, other)).map((difference) => difference.kind);
};

describe("a second request", () => {
  it.each([
    ["Who wrote Faust?", "Who wrote Faust, and in which city did he die?", "added-request"],
    ["Write a haiku about rain", "Write a haiku about rain, then explain its imagery", "added-request"],
    ["What is the capital of Italy?", "What is the capital of Italy? Also list its mayors.", "added-request"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("no second request", () => {
  it.each([
    ["Who wrote Faust?", "Who wrote Faust? Thanks!"],
    ["What is the capital of Italy?", "Can you tell me what is the capital of Italy?"],
    ["tips for running", "tips for running in winter"],
    ["cats", "cats and dogs"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
