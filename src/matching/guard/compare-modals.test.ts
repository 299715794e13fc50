import { describe, expect, it } from "vitest";
import { align } from "./alignment.ts";
import { compareModals } from "./compare-modals.ts";
import { toPromptText } from "./prompt-text.ts";

const kinds = (a: string, b: string) => {
  const [one, other] = [toPromptText(a), toPromptText(b)];
  return compareModals(one, other, align(one, other)).map((difference) => difference.kind);
};

describe("may, should, must, will", () => {
  it.each([
    ["can I eat rice", "should I eat rice", "modal-value"],
    ["should I invest in gold", "must I invest in gold", "modal-value"],
    ["did the train leave", "will the train leave", "modal-tense"],
    ["should I learn java or python", "did I learn java or python", "modal-tense"],
    ["how can I sleep well", "how should I sleep well", "modal-manner"],
    ["can I eat rice", "should anybody eat old bread", "modal-other"],
    ["am I allowed to bring my own food", "do I have to bring my own food", "modal-value"],
    ["can guests park here", "are guests required to park here", "modal-value"],
  ])("%s | %s", (a, b, kind) => {
    expect(kinds(a, b)).toEqual([kind]);
    expect(kinds(b, a)).toEqual([kind]);
  });
});

describe("the same modal, or politeness", () => {
  it.each([
    ["can I eat rice", "could I eat rice"],
    ["could you list five birds", "will you list five birds"],
    ["can you tell me what rice is", "what should rice be"],
    ["did it rain", "does it rain"],
    ["am I allowed to bring food", "can I bring food"],
    ["do I have to register", "should I register"],
    ["how can I get there", "how do I have to travel to get there"],
    ["how can one tell when it was rebooted", "how was it rebooted"],
  ])("%s | %s", (a, b) => {
    expect(kinds(a, b)).toEqual([]);
    expect(kinds(b, a)).toEqual([]);
  });
});
