import { describe, expect, it } from "vitest";

interface Request {
  readonly text: string;
  readonly answer_id?: string | number | null;
  readonly intent?: string;
  readonly oos?: boolean;
}
interface Lookup {
  readonly equal: number | null;
  readonly nearest: { readonly index: number; readonly similarity: number } | null;
  readonly served: ReadonlyMap<number, number | null>;
}
interface Replay {
  labelKindOf(requests: readonly Request[]): string;
  toPairKey(a: string, b: string): string;
  findEqual(texts: readonly string[]): (number | null)[];
  findNearest(
    vector: Float32Array,
    among: readonly (Float32Array | null)[],
    before: number,
    count: number,
  ): { index: number; similarity: number }[];
  countReplay(
    requests: readonly Request[],
    lookups: readonly Lookup[],
    choose: (lookup: Lookup) => number | null,
    sameByReading: ReadonlySet<string>,
  ): object;
  addUp(counts: readonly object[]): object;
}
const file = "../../bench/quality/replay.mjs";
const { labelKindOf, toPairKey, findEqual, findNearest, countReplay, addUp } = (await import(file)) as Replay;

const vector = (degrees: number) =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
const hit = (index: number | null): Lookup => ({ equal: null, nearest: null, served: new Map([[0.01, index]]) });
const repeat = (index: number): Lookup => ({ ...hit(index), equal: index });
const served = (lookup: Lookup) => lookup.served.get(0.01) ?? null;

describe("a lookup", () => {
  it("sees only what came before it, nearest first, the earlier of equals", () => {
    const among = [vector(80), vector(10), null, vector(10), vector(0)];
    const found = findNearest(vector(0), among, 4, 2);
    expect(found.map(({ index }) => index)).toEqual([1, 3]);
    expect(found[0]?.similarity).toBeCloseTo(Math.cos(Math.PI / 18));
    expect(findNearest(vector(0), among, 0, 8)).toEqual([]);
    expect(findNearest(vector(0), among, 5, 8).map(({ index }) => index)).toEqual([4, 1, 3, 0]);
  });

  it("finds an equal text by its first occurrence", () => {
    expect(findEqual(["a", "b", "a", "A", "a"])).toEqual([null, null, 0, null, 0]);
  });
});

describe("a replay", () => {
  const requests: Request[] = [
    { text: "where is it", answer_id: 1 },
    { text: "where is it located", answer_id: 1 },
    { text: "who is it", answer_id: 2 },
    { text: "where is it", answer_id: 1 },
    { text: "hm", oos: true, answer_id: null },
    { text: "hmm", oos: true, answer_id: null },
  ];

  it("counts exact hits apart, and wrong ones by label", () => {
    const lookups = [hit(null), hit(0), hit(0), repeat(0), hit(0), hit(4)];
    expect(countReplay(requests, lookups, served, new Set())).toEqual({
      requests: 6,
      exact: 1,
      semantic: 4,
      // Two that nobody can answer: nothing is known of their answers.
      unknown: 1,
      wrongByLabel: 2,
      wrongAfterReading: 2,
      otherIntent: 0,
    });
  });

  it("forgives what was read and asks the same, in either order", () => {
    const read = new Set([toPairKey("who is it", "where is it")]);
    expect(countReplay(requests, [hit(null), hit(null), hit(0)], served, read)).toMatchObject({
      wrongByLabel: 1,
      wrongAfterReading: 0,
    });
  });

  it("of intents calls nothing wrong", () => {
    const some = [
      { text: "a", intent: "x" },
      { text: "b", intent: "x" },
      { text: "c", intent: "y" },
    ];
    expect(labelKindOf(some)).toBe("intent");
    expect(countReplay(some, [hit(null), hit(0), hit(0)], served, new Set())).toMatchObject({
      semantic: 2,
      otherIntent: 1,
      wrongByLabel: 0,
    });
  });

  it("without labels takes every hit for wrong until it was read", () => {
    const some = [{ text: "a" }, { text: "b" }, { text: "a" }];
    expect(labelKindOf(some)).toBe("none");
    expect(countReplay(some, [hit(null), hit(0), repeat(0)], served, new Set())).toMatchObject({
      exact: 1,
      semantic: 1,
      wrongByLabel: 1,
    });
  });

  it("adds up over streams", () => {
    const one = countReplay(requests, [hit(null), hit(0), hit(0)], served, new Set());
    expect(addUp([one, one])).toMatchObject({ requests: 12, semantic: 4, wrongByLabel: 2 });
  });
});

it("a pair's key is that of the calibration's scripts", () => {
  // hashlib.sha256("\n".join(sorted(["b \u00e9", "a"])).encode()).hexdigest()[:16]
  expect(toPairKey("b \u00e9", "a")).toBe(toPairKey("a", "b \u00e9"));
  expect(toPairKey("b \u00e9", "a")).toBe("787464bcad2c3f04");
});
