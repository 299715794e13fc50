import { describe, expect, it } from "vitest";
import { compareNesting } from "./compare-nesting.ts";
import { toPromptText } from "./prompt-text.ts";

const find = (a: string, b: string) => compareNesting(toPromptText(a), toPromptText(b));

describe("one relation more", () => {
  it.each([
    ["Which states border states that border Ohio?", "Which states border Ohio?"],
    ["Which rivers flow into rivers that flow into the sea?", "Which rivers flow into the sea?"],
  ])("%s / %s", (a, b) => {
    expect(find(a, b)).toMatchObject([{ kind: "order-nested", b: "" }]);
    expect(find(b, a)).toMatchObject([{ kind: "order-nested", a: "" }]);
  });
});

describe("no relation more", () => {
  it.each([
    ["Which states border Ohio?", "Which states states border Ohio?"],
    ["Which states border Ohio?", "Ohio: which states border Ohio?"],
    ["Which states border Ohio?", "List the states that border Ohio"],
    ["Which rivers cross Ohio?", "Which states border states that border Ohio?"],
  ])("%s / %s", (a, b) => {
    expect(find(a, b)).toEqual([]);
  });
});
