import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareReplaced } from "./compare-replaced.ts";
import { toPromptText } from "./prompt-text.ts";

const compare = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareReplaced(one, other, align(one, other));
};
const kinds = (a: string, b: string) => compare(a, b).map((difference) => difference.kind);

describe("one thing for another", () => {
  it.each([
    ["weather in paris", "weather in london"],
    ["population of bolivia", "population of ecuador"],
    ["best restaurants in munich", "best restaurants in hamburg"],
    ["side effects of ibuprofen", "side effects of paracetamol"],
    ["difference between tcp and udp", "difference between tcp and http"],
    ["what is a mutex", "what is a semaphore"],
    ["who is obama", "who is merkel"],
    ["how do vaccines work", "how do antibiotics work"],
    ["What is the capital of burkina faso?", "what is the capital of norway"],
    ["tell me about colour blindness in cats please", "tell me about color blindness in dogs please"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual(["replaced-object"]);
    expect(kinds(b, a)).toEqual(["replaced-object"]);
  });

  it("names what replaces what", () => {
    expect(compare("weather in paris", "weather in new delhi")).toEqual([
      { kind: "replaced-object", a: "paris", b: "new delhi" },
    ]);
  });

  it.each([
    ["what is a good mutex", "what is a good semaphore", "replaced-word"],
    ["how tall is messi", "how tall is ronaldo", "replaced-word"],
    ["how do I delete a branch", "how do I rename a branch", "replaced-word"],
    ["gpu passthrough on proxmox guide", "gpu passthrough on vmware guide", "replaced-word"],
    ["the cat was found by my aunt", "the cat was teased by my aunt", "replaced-word"],
    ["the old cat was found in the garden", "the old cat was teased in the garden", "replaced-phrase"],
    ["how do i freeze basil", "hey there, quick question, how do i dry basil", "replaced-phrase"],
    ["how do I paint the old boat", "how do I sell an old boat", "replaced-phrase"],
  ])("may be a synonym elsewhere: %s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
  });

  it("finds one word in a long template", () => {
    const template = (language: string) =>
      `You are a helpful assistant. Read the text below carefully, keep its meaning and its tone, do not add anything of ` +
      `your own, and then translate the whole text from english to ${language}`;
    expect(compare(template("danish"), template("finnish"))).toEqual([
      { kind: "replaced-object", a: "danish", b: "finnish" },
    ]);
  });
});

describe("the same in other words, or no single replacement", () => {
  it.each([
    ["how do I fix a flat tire", "how do I repair a flat tire"],
    ["where can I buy a bike", "where can I purchase a bicycle"],
    ["what is the meaning of life", "what is the definition of life"],
    ["weather in london", "what is the weather in london"],
    ["weather in london", "weather in london england"],
    ["how do I calculate compound interest", "how do I calculate copmound interest"],
    ["how do I calculate compound interest", "how do I calculat ecompound interest"],
    ["how do I repair a data base", "how do I repair a database"],
    ["things to do in new york", "things to do in NYC"],
    ["how do volcanoes erupt", "how does a volcano erupt"],
    ["my favorite movies of 1999", "my favourite movie of 1999"],
    ["paris", "london"],
    ["list 5 cities", "list 7 cities"],
    ["is rust faster than go", "should a small team write its web services in go"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
