import { expect, it } from "vitest";
import { splitText } from "./split-text.ts";

it.each([
  ["", 4, []],
  ["abcd", 4, ["abcd"]],
  ["abcde", 4, ["abcd", "e"]],
  ["aé€😀b", 4, ["aé", "€", "😀", "b"]],
  ["😀😀", 7, ["😀", "😀"]],
  ["\ud83dx", 4, ["\ud83dx"]],
])("%j in pieces of %i bytes", (text, maxBytes, pieces) => {
  expect(splitText(text, maxBytes)).toEqual(pieces);
});
