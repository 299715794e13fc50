import { describe, expect, it } from "vitest";
import { compareDates } from "./compare-dates.ts";
import { compareNumbers } from "./compare-numbers.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) =>
  compareDates(toPromptText(a), toPromptText(b)).map((difference) => difference.kind);

describe("dates that differ", () => {
  it.each([
    ["Who won the cup in 2018?", "Who won the cup in 2022?"],
    ["events in March 2020", "events in April 2020"],
    ["events on March 7", "events on March 8"],
    ["born on the 7th of June", "born on the 9th of June"],
    ["open on Monday", "open on Sunday"],
    ["trains at 5pm", "trains at 6pm"],
    ["trains at 5pm", "trains at 5am"],
    ["trains at 17:00", "trains at 17:30"],
    ["music of the 1980s", "music of the 1990s"],
    ["a morning routine", "an evening routine"],
    ["what to do in winter", "what to do in summer"],
    ["the plan for today", "the plan for tomorrow"],
    ["sales of last week", "sales of last month"],
    ["a weekly backup", "a daily backup"],
    ["the cost per month", "the cost per year"],
    ["events on 4 March", "events on 4 April"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual(["date-value"]);
    expect(kinds(b, a)).toEqual(["date-value"]);
  });

  it("tells a date that only one prompt has", () => {
    expect(kinds("Who won the cup?", "Who won the cup in 2018?")).toEqual(["date-missing"]);
  });
});

describe("dates that are the same", () => {
  it.each([
    ["events in March 2020", "March 2020 events"],
    ["events on Jan 5", "events on January 5th"],
    ["events on 5 January", "events on January 5"],
    ["trains at 5pm", "trains at 17:00"],
    ["trains at 5 p.m.", "trains at 5pm"],
    ["the monthly cost", "the cost per month"],
    ["a backup every day", "a daily backup"],
    ["trains at 5:30 pm", "trains at 17:30"],
    ["open on Mondays", "open on Monday"],
    ["sales of last week", "sales of the past week"],
    ["may I use it", "can I use it"],
    ["how to march in step", "marching in step"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });

  it("leaves the numbers of a date to the date", () => {
    expect(compareNumbers(toPromptText("born in 1990"), toPromptText("born in 1991"))).toEqual([]);
  });
});
