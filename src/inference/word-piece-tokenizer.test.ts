import { describe, expect, test } from "vitest";
import { WordPieceTokenizer } from "./word-piece-tokenizer.ts";

const pieces = [
  "[PAD]",
  "[UNK]",
  "[CLS]",
  "[SEP]",
  "un",
  "##aff",
  "##able",
  "a",
  "##b",
  "cafe",
  "[",
  "]",
  "sep",
  "σ",
  "中",
];
const definition = {
  normalizer: { type: "BertNormalizer", lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  model: { type: "WordPiece", vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])) },
};
const tokenizer = new WordPieceTokenizer(definition);
const toPieces = (text: string): (string | undefined)[] => tokenizer.encode(text).map((id) => pieces[id]);

describe("encode", () => {
  test.each([
    ["unaffable", ["un", "##aff", "##able"]],
    ["UNAFFABLE", ["un", "##aff", "##able"]],
    ["unaffablex", ["[UNK]"]],
    ["", []],
    [" \t\n\u00a0\u3000", []],
    ["ab a", ["a", "##b", "a"]],
    ["a\u0000b", ["a", "##b"]],
    ["a\u00adb", ["a", "##b"]],
    ["a\u2028b", ["a", "[UNK]"]],
    ["Café Cafe\u0301", ["cafe", "cafe"]],
    ["a中a", ["a", "中", "a"]],
    ["Σ", ["σ"]],
    ["aaΣ", ["[UNK]"]],
  ])("%j", (text, expected) => {
    expect(toPieces(text)).toEqual(expected);
  });

  test("a word over 100 characters is unknown, one of 100 is read", () => {
    expect(toPieces(`a${"b".repeat(99)}`)).toHaveLength(100);
    expect(toPieces(`a${"b".repeat(100)}`)).toEqual(["[UNK]"]);
  });

  test("a prompt cannot forge special tokens", () => {
    expect(toPieces("a[SEP]a")).toEqual(["a", "[", "sep", "]", "a"]);
  });
});

test("frames", () => {
  expect(tokenizer.frame([7])).toEqual([2, 7, 3]);
  expect(tokenizer.framePair([7, 8], [9], "segments")).toEqual({ ids: [2, 7, 8, 3, 9, 3], types: [0, 0, 0, 0, 1, 1] });
});

test.each([
  ["another kind", { ...definition, model: { ...definition.model, type: "BPE" } }],
  ["a cased one", { ...definition, normalizer: { type: "BertNormalizer", lowercase: false } }],
  ["no vocabulary", { ...definition, model: { type: "WordPiece" } }],
  ["no special tokens", { ...definition, model: { type: "WordPiece", vocab: { a: 0 } } }],
  ["null", null],
])("refuses %s", (_, wrong) => {
  expect(() => new WordPieceTokenizer(wrong)).toThrow(TypeError);
});

test("marks the tokens that only one text of a pair has", () => {
  expect(tokenizer.framePair([7, 8], [9, 8, 8], "matches")).toEqual({
    ids: [2, 7, 8, 3, 9, 8, 8, 3],
    types: [0, 2, 0, 0, 3, 1, 1, 1],
  });
  expect(tokenizer.framePair([7], [7], "matches").types).toEqual([0, 0, 0, 1, 1]);
  expect(tokenizer.framePair([], [7], "matches").types).toEqual([0, 0, 3, 1]);
});
