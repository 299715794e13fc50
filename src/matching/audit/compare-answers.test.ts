import { describe, expect, test } from "vitest";
import { createPromptGuard } from "../guard/prompt-guard.ts";
import { createAnswerComparer } from "./compare-answers.ts";

/** Models to which everything is the same. */
const credulous = createAnswerComparer({
  embedder: {
    embed: async (texts) =>
      texts.map(() => ({
        kind: "embedded",
        vector: { values: new Float32Array([1]) },
        tokens: { total: 10, unknown: 0 },
      })) as never,
  },
  verifier: { score: async (pairs) => pairs.map(() => 5) },
  guard: createPromptGuard(),
});

/** Models that cannot read anything: what is decided without them. */
function begin() {
  let embedded = 0;
  const comparer = createAnswerComparer({
    embedder: {
      async embed(texts) {
        embedded += texts.length;
        return texts.map(() => ({ kind: "too-long", tokens: { total: 1_000, unknown: 0 } }) as never);
      },
    },
    verifier: { score: () => Promise.reject(new Error("There is nothing to score")) },
    guard: { id: "guard", compare: () => [] },
  });
  const compare = async (served: string, fresh: string) =>
    (await comparer.compare({ question: "", served, fresh })).verdict;
  return { compare, embedded: () => embedded };
}

describe("two answers", () => {
  test.each([
    ["Paris.", "paris"],
    ["It is **Paris**, of course!", "It is Paris of course"],
    ["one, two; three...", "One two three"],
    ["a:\nb?!", "a b"],
  ])("that differ in marks at the end of words are the same: %j and %j", async (served, fresh) => {
    expect(await begin().compare(served, fresh)).toBe("right");
  });

  test.each([
    ["1.5", "15"],
    ["a.b", "ab"],
    [".5", "5"],
    ["?x", "x"],
  ])("that differ in marks within words are not: %j and %j", async (served, fresh) => {
    expect(await begin().compare(served, fresh)).toBe("unsure");
  });

  test.each([
    ['{"id": 1234567890123456789}', '{"id":1234567890123456789}', "right"],
    ['{"id": 1234567890123456789}', '{"id":1234567890123456788}', "unsure"],
    ['[0.1000000000000000055, {"a": 1.0}]', '[0.1, {"a": 1}]', "unsure"],
    ['{"b": 1.0, "a": 2}', '{"a":2,"b":1}', "right"],
    ['{"a":1,"a":2}', '{"a": 2}', "unsure"],
  ])("that are JSON are the same if each number is: %s and %s, %s", async (served, fresh, verdict) => {
    expect(await begin().compare(served, fresh)).toBe(verdict);
  });

  test.each([
    ["Your order is 1234567890123456789.", "The order: 1234567890123456788", "unsure"],
    ["Your order is 1234567890123456789.", "The order: 1,234,567,890,123,456,789", "right"],
    ["They are 9007199254740993 apart", "9007199254740992 is the distance", "unsure"],
    ["They are 1,2,3,4,5,6,7,8,9 in order", "In order: 1,2,3,4,5,6,7,8, 9", "right"],
    ["It is 0.12345678901234567", "0.12345678901234568, it is", "unsure"],
  ])(
    "in which models see no difference are the same to the last digit: %s and %s, %s",
    async (served, fresh, verdict) => {
      expect(await credulous.compare({ question: "", served, fresh })).toEqual({ verdict, by: "models" });
    },
  );

  // An expression that tries each suffix of the run again would take minutes for these.
  test.each(["x", " x", "", ".x\n"])("with a hundred thousand marks before %j are compared in time", async (end) => {
    const { compare } = begin();
    const marks = "?".repeat(99_990);
    expect(await compare(`${marks}${end}`, `${marks}${end}!`)).toMatch(/right|unsure/);
  });

  test("of a megabyte are compared by equality only", async () => {
    const { compare, embedded } = begin();
    const long = `${".".repeat(1_048_576)}x`;
    expect(await compare(long, long)).toBe("right");
    expect(await compare(long, "x")).toBe("unsure");
    expect(await compare("x", long)).toBe("unsure");
    expect(embedded()).toBe(0);
  });
});
