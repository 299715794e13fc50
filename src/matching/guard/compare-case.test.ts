import { describe, expect, it } from "vitest";
import { compareCase } from "./compare-case.ts";
import { toPromptText } from "./prompt-text.ts";

const find = (a: string, b: string) => compareCase(toPromptText(a), toPromptText(b));

describe("case that carries meaning", () => {
  it.each([
    ["How many Mb are in a TB?", "How many MB are in a TB?"],
    ["How many Mb are in a TB?", "how many mb are in a tb?"],
    ["convert 5 mW to W", "convert 5 MW to W"],
    ["convert 5mW to W", "convert 5 mw to W"],
    ["convert 5 m to Mm", "convert 5 m to mm"],
    ["is 5 m enough", "is 5 M enough"],
    ["how long is 5 ms", "how long is 5 MS"],
    ["is 100 Mbps fast", "is 100 MBps fast"],
    ["Is this capitalised correctly? i live in paris", "Is this capitalised correctly? I live in Paris"],
    ["which letter is before b", "which letter is before B"],
    ["solve X = 2 for x", "solve x = 2 for x"].map((text) => text.replace(" for x", "")),
  ])("%s | %s", (a, b) => {
    expect(find(a ?? "", b ?? "")).toMatchObject([{ kind: "case-value" }]);
    expect(find(b ?? "", a ?? "")).toMatchObject([{ kind: "case-value" }]);
  });
});

describe("case that does not", () => {
  it.each([
    ["How many MB are in a GB?", "how many mb are in a gb?"],
    ["symptoms of MS", "symptoms of ms"],
    ["what is NASA", "What is nasa"],
    ["WHAT IS THE CAPITAL OF FRANCE", "what is the capital of france"],
    ["vitamin C tablets", "vitamin c tablets"],
    ["10k steps", "10K steps"],
    ["phones under $5m", "phones under $5M"],
    ["What is upper case", "what is upper case"],
    ["Seven letters: which word", "Which word has seven letters"],
    ["is 100 MHz fast", "is 100 Mhz fast"],
    ["5 mW in MW", "5 mW in MW please"],
  ])("%s | %s", (a, b) => {
    expect(find(a, b)).toEqual([]);
    expect(find(b, a)).toEqual([]);
  });
});
