import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { WordPieceTokenizer } from "#semcache/inference/word-piece-tokenizer.js";

interface Expected {
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly pairs: readonly {
    readonly a: string;
    readonly b: string;
    readonly ids: readonly number[];
    readonly firstSegment: number;
  }[];
}

const readJson = async (path: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(path, import.meta.url), "utf8"));
const tokenizer = new WordPieceTokenizer(await readJson("../../models/tokenizer.json"));
const expected = (await readJson("../fixtures/tokenizer/expected-ids.json")) as Expected;

test("gives the ids that the models were trained with", () => {
  expect(expected.texts.length).toBeGreaterThan(200);
  for (const { text, ids } of expected.texts) expect({ text, ids: tokenizer.encode(text) }).toEqual({ text, ids });
});

test("frames pairs as the verifier was trained with", () => {
  for (const { a, b, ids, firstSegment } of expected.pairs) {
    const pair = [tokenizer.encode(a), tokenizer.encode(b)] as const;
    const segments = ids.map((_, index) => (index < firstSegment ? 0 : 1));
    expect(tokenizer.framePair(...pair, "segments")).toEqual({ ids, types: segments });
    const marked = tokenizer.framePair(...pair, "matches");
    expect(marked.types.map((type) => type % 2)).toEqual(segments);
    expect(marked.ids).toEqual(ids);
  }
});
