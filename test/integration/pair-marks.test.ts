import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { WordPieceTokenizer } from "#semcache/inference/word-piece-tokenizer.js";

interface MarkedPair {
  readonly what: string;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

const readJson = async (path: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(path, import.meta.url), "utf8"));
const tokenizer = new WordPieceTokenizer(await readJson("../../models/tokenizer.json"));
const { pairs } = (await readJson("../fixtures/tokenizer/pair-marks.json")) as {
  readonly pairs: readonly MarkedPair[];
};

// training/verifier/test_marking.py holds Python to the same file: the verifier is asked as it was taught.
test.each(pairs)("marks a pair as in training: $what", ({ a, b, ids, types }) => {
  expect(tokenizer.framePair(a, b, "matches")).toEqual({ ids, types });
});
