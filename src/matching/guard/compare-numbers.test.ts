import { describe, expect, it } from "vitest";
import { compareNumbers } from "./compare-numbers.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) =>
  compareNumbers(toPromptText(a), toPromptText(b)).map((difference) => difference.kind);

describe("numbers that differ", () => {
  it.each([
    ["Convert 5 km to miles", "Convert 10 km to miles"],
    ["Convert 5 km to miles", "Convert 5 kg to miles"],
    ["List three uses of copper", "List five uses of copper"],
    ["Give me 3 ideas", "Give me three hundred ideas"],
    ["What is 15% of 80?", "What is 15% of 90?"],
    ["Phones under $500", "Phones under $600"],
    ["Phones under $500", "Phones under €500"],
    ["Is 1,500 calories enough?", "Is 2,500 calories enough?"],
    ["Is 1.5 litres enough?", "Is 1.6 litres enough?"],
    ["Who came second in the race?", "Who came third in the race?"],
    ["the 21st amendment", "the 22nd amendment"],
    ["the plot of Rocky II", "the plot of Rocky III"],
    ["books for ages 5-10", "books for ages 5-12"],
    ["twenty five push ups", "twenty six push ups"],
    ["two million users", "two billion users"],
    ["What is 10 C in Fahrenheit?", "What is -10 C in Fahrenheit?"],
    ["Divide 100 by 4", "Divide 100 by .4"],
    ["wait half an hour", "wait an hour and 15 minutes"],
    ["the twenty-first century", "the twenty-second century"],
    ["half a million users", "a quarter of a million users"],
    ["Is 30 degrees Celsius hot?", "Is 30 degrees Fahrenheit hot?"],
    ["Where is order 1234567890123456789?", "Where is order 1234567890123456788?"],
    ["Is 1.2345678901234567 a root?", "Is 1.2345678901234568 a root?"],
    ["Is £1234567890123456789 paid?", "Is £1234567890123456788 paid?"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toContain("number-value");
    expect(kinds(b, a)).toContain("number-value");
  });

  it("tells a unit that is asked for", () => {
    expect(kinds("How many minutes are in a century?", "How many seconds are in a century?")).toEqual(["unit-value"]);
    expect(kinds("distance to the moon in miles", "distance to the moon in kilometers")).toEqual(["unit-value"]);
  });

  it("tells a number that only one prompt has", () => {
    expect(kinds("tips for running", "5 tips for running")).toEqual(["number-missing"]);
  });

  it("reports the words of both sides", () => {
    expect(compareNumbers(toPromptText("run 5 km"), toPromptText("run ten miles"))).toEqual([
      { kind: "number-value", a: "5 km", b: "ten miles" },
    ]);
  });
});

describe("numbers that are the same", () => {
  it.each([
    ["List three uses of copper", "List 3 uses of copper"],
    ["Is 1,500 calories enough?", "Is 1500 calories enough?"],
    ["run 5 km", "run 5000 metres"],
    ["run 5 km", "run 5 kilometers"],
    ["how long is 60 minutes", "how long is 1 hour"],
    ["phones under $500", "phones under 500 dollars"],
    ["phones under 500 USD", "phones under $500"],
    ["15% of eighty", "15 percent of 80"],
    ["the 2nd amendment", "the second amendment"],
    ["twenty five push-ups", "25 push-ups"],
    ["two million users", "2 million users"],
    ["a dozen eggs", "12 eggs"],
    ["is 0.5 enough", "is .5 enough"],
    ["pages 5-10", "pages 5 - 10"],
    ["is $1.5M enough", "is 1.5 million dollars enough"],
    ["a salary of £45,000", "a 45,000 pound salary"],
    ["wait half an hour", "wait 30 minutes"],
    ["the 21st century", "the twenty-first century"],
    ["half a million users", "500,000 users"],
    ["a quarter of a million users", "250k users"],
    ["10k steps", "10,000 steps"],
    ["Where is order 1234567890123456789?", "Where is my order 1,234,567,890,123,456,789?"],
    ["100,000 trillion atoms", "100000000000000000 atoms"],
    ["World War II causes", "World War 2 causes"],
    ["weighs 2.50 kg", "weighs 2.5 kg"],
    ["which one is better", "which is the better one"],
    ["heat to 100 degrees Celsius", "heat to 212 degrees Fahrenheit"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
