import { describe, expect, test } from "vitest";
import { createAnswerComparer } from "./compare-answers.ts";

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
