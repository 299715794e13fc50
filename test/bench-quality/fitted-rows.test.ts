import fc from "fast-check";
import { describe, expect, it } from "vitest";

interface Row {
  readonly a: string;
  readonly b: string;
  readonly label: 0 | 1;
  readonly set: string;
  readonly a_context?: readonly string[];
}
interface Stream {
  readonly texts: readonly string[];
  readonly isFitted: boolean;
}
interface FittedRows {
  fittedPart(pairs: readonly Row[], streams?: readonly Stream[]): Set<Row>;
  findFitted(
    fit: object,
    data: object,
    isRead: (row: Row) => boolean,
  ): {
    readonly split: string;
    readonly remarks: readonly string[];
    isFittedRow(row: Row): boolean;
    isFittedStream(stream: string): boolean;
  };
}
const file = "../../bench/quality/fitted-rows.mjs";
const { fittedPart, findFitted } = (await import(file)) as FittedRows;

const toRow = ([a = "", b = ""]: readonly string[]): Row => ({ a, b, label: 1, set: "s" });
const pairs = [
  ["One", "two"],
  ["three", "four"],
  ["TWO", "five"],
  ["six", "seven"],
  ["four", "eight"],
  ["nine", "ten"],
  ["\u00e9", "\u00c9"],
  ["eleven", "twelve"],
].map(([a, b]) => toRow([`h ${a}`, `h ${b}`]));

describe("the fitted part", () => {
  it("is the one of training/calibrate/fit.py", () => {
    const part = fittedPart(pairs);
    // What its is_fitted gives for these pairs.
    expect(pairs.map((row) => part.has(row))).toEqual([false, true, false, true, true, false, true, true]);
  });

  it("has the pairs that share a prompt with a fitted stream, unless a kept one has it too", () => {
    const of = (streams: readonly Stream[]) => pairs.map((row) => fittedPart(pairs, streams).has(row));
    // Through "two", the first and the third pair are one group, kept by its hash; as the sixth pair is.
    expect(of([{ texts: ["h FIVE", "elsewhere"], isFitted: true }])).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      true,
      true,
    ]);
    const both = [
      { texts: ["h five"], isFitted: false },
      { texts: ["h one", "h nine"], isFitted: true },
    ];
    expect(of(both)).toEqual([false, true, false, true, true, true, true, true]);
    expect(of([{ texts: ["h twelve"], isFitted: false }])).toEqual([
      false,
      true,
      false,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  it("never has a prompt that the other part has too, whatever its case", () => {
    const prompt = fc.string({ minLength: 1, maxLength: 1, unit: fc.constantFrom(..."abcdefghijABCDEFGHIJ") });
    fc.assert(
      fc.property(fc.array(fc.tuple(prompt, prompt), { maxLength: 12 }), (some) => {
        const rows = some.map(toRow);
        const part = fittedPart(rows);
        const promptsOf = (isFitted: boolean) =>
          rows.filter((row) => part.has(row) === isFitted).flatMap(({ a, b }) => [a.toLowerCase(), b.toLowerCase()]);
        const kept = new Set(promptsOf(false));
        expect(promptsOf(true).filter((text) => kept.has(text))).toEqual([]);
      }),
    );
  });
});

describe("what the calibration says of its fit", () => {
  const data = {
    pairs,
    streams: [
      { name: "t", requests: [{ text: "elsewhere" }] },
      { name: "u", requests: [{ text: "h six" }] },
    ],
    digests: { "bench.jsonl.gz": "x", "traffic/t.jsonl.gz": "y" },
  };
  const digests = { "bench.jsonl.gz": "x", "traffic/t.jsonl.gz": "y", "traffic/u.jsonl.gz": "old" };

  it("agrees with the rule", () => {
    const found = findFitted(
      { data: digests, pairs: { fitted: 5, kept: 3 }, fittedStreams: ["t", "u"] },
      data,
      () => true,
    );
    expect(found).toMatchObject({ split: "known", remarks: [] });
    expect(pairs.filter((row) => found.isFittedRow(row))).toHaveLength(5);
    expect(["t", "u", "v"].map((stream) => found.isFittedStream(stream))).toEqual([true, false, false]);
  });

  it("is told where it does not agree", () => {
    const { remarks } = findFitted({ data: digests, pairs: { fitted: 4, kept: 4 } }, data, () => true);
    expect(remarks).toEqual([
      expect.stringContaining("4 pairs were fitted and 4 kept; by the rule here it is 5 and 3"),
    ]);
  });

  it("leaves out of the rule what the fit left out: conversations and what is too long", () => {
    const conversation: Row = { ...toRow(["one", "three"]), a_context: ["before"] };
    const some = { ...data, pairs: [...pairs, conversation] };
    const found = findFitted({ data: digests, pairs: { fitted: 4, kept: 3 } }, some, ({ a }) => a !== "h four");
    expect(found.remarks).toEqual([]);
    expect(found.isFittedRow(conversation)).toBe(false);
  });

  it("says so where rows cannot be told apart", () => {
    expect(findFitted({ data: digests, pairs: 8 }, data, () => true)).toMatchObject({ split: "all-fitted" });
    expect(findFitted({ data: { "bench.jsonl.gz": "other" } }, data, () => true)).toMatchObject({ split: "unknown" });
    expect(findFitted({}, data, () => true).remarks).toHaveLength(1);
  });
});
