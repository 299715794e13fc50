import { describe, expect, it } from "vitest";
import { compareCode } from "./compare-code.ts";
import { compareDates } from "./compare-dates.ts";
import { compareNumbers } from "./compare-numbers.ts";
import { spellDates } from "./numeric-date.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) =>
  [compareDates, compareNumbers, compareCode].flatMap((compare) =>
    compare(toPromptText(a), toPromptText(b)).map((difference) => difference.kind),
  );

describe("dates in figures", () => {
  it.each([
    ["on 2021-03-07", "on 7 March 2021"],
    ["on 2021/3/7", "on 7 March 2021"],
    ["on 25/12/1990", "on 25 December 1990"],
    ["on 12/25/1990", "on 25 December 1990"],
    ["on 25.12.1990", "on 25 December 1990"],
    ["on 4/4/1990", "on 4 April 1990"],
    ["version 1.2.3", "version 1.2.3"],
    ["call 555-12-1990-1", "call 555-12-1990-1"],
    ["2021-13-07", "2021-13-07"],
    ["192.168.0.1", "192.168.0.1"],
  ])("%s reads %s", (written, spelled) => expect(spellDates(written)).toBe(spelled));

  it.each([
    ["born on 1990-03-04", "born on March 4, 1990"],
    ["born on 25/12/1990", "born on 12/25/1990"],
    ["born on December 25th, 1990", "born on 25.12.1990"],
    ["born on 03/04/1990", "born on 3/4/1990"],
  ])("%s is %s", (a, b) => expect(kinds(a, b)).toEqual([]));

  it.each([
    ["born on 1990-03-04", "born on 1990-03-05"],
    ["born on 1990-03-04", "born on 4 April 1990"],
    ["born on 3/4/1990", "born on 4/3/1990"],
    ["born on 3/4/1990", "born on 3/5/1990"],
    ["born on 12/25/1990", "born on 12/26/1990"],
  ])("%s is not %s", (a, b) => {
    expect(kinds(a, b).some((kind) => kind === "date-value" || kind === "code-value")).toBe(true);
    expect(kinds(b, a).some((kind) => kind === "date-value" || kind === "code-value")).toBe(true);
  });
});
