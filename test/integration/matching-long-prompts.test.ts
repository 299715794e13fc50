import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLocalEmbedder } from "#semcache/embedding/local-embedder.js";
import { loadModelManifest } from "#semcache/inference/model-manifest.js";
import { createWorkerPool } from "#semcache/inference/worker-pool.js";
import { loadCalibration } from "#semcache/matching/calibration/load-calibration.js";
import { createPromptGuard } from "#semcache/matching/guard/prompt-guard.js";
import { createLocalVerifier } from "#semcache/matching/local-verifier.js";
import { createMatcher, type PromptMatcher } from "#semcache/matching/prompt-matcher.js";

let close: () => Promise<void>;
let withMaxTokens: (maxPromptTokens: number) => PromptMatcher;
/** What the verifier was asked. */
const asked: { readonly a: string; readonly b: string }[] = [];

beforeAll(async () => {
  const pool = createWorkerPool({ models: await loadModelManifest(), workers: 1, maxQueue: 64 });
  close = () => pool.close();
  const calibration = await loadCalibration();
  const verifier = createLocalVerifier(pool);
  withMaxTokens = (maxPromptTokens) =>
    createMatcher({
      embedder: createLocalEmbedder(pool),
      verifier: {
        ...verifier,
        score(pairs, signal) {
          asked.push(...pairs);
          return verifier.score(pairs, signal);
        },
      },
      guard: createPromptGuard(),
      calibration,
      maxErrorRate: 0.01,
      maxPromptTokens,
      similarityFloor: null,
      guardOn: true,
      verifierOn: true,
    });
});
afterAll(() => close());

/** About 100 tokens. */
const context =
  "I run a small bakery with four employees in a town of nine thousand people. We open at six in the morning and close at " +
  "two in the afternoon. Most of our money comes from bread and rolls, but for a year we have also sold sandwiches and coffee " +
  "at a counter with three tables. A supermarket has opened at the other end of the main street, and we lost one customer in " +
  "ten, mostly in the late morning. My wife would like to make the counter larger, I would not.";
const question = "How can I win back the customers that I have lost?";

describe("two prompts that are longer than the verifier reads", () => {
  const compare = (a: string, b: string) => withMaxTokens(128).compare(a, b);

  it("are compared on what they ask, where all the rest is equal", async () => {
    asked.length = 0;
    const other = "What can I do to win back the customers that I have lost?";
    const judgement = await compare(`${context} ${question}`, `${context} ${other}`);
    expect(judgement.reason).not.toBe("too-long");
    expect(asked).toEqual([{ a: question, b: other }]);
    // The cosine that the confidence came from, and not that of the long prompts.
    expect(judgement.compared).toBe("window");
    expect(judgement.similarity).toBe((await compare(question, other)).similarity);
  });

  it("are trusted less than short ones", async () => {
    const other = "In what way do I win back the customers whom I lost?";
    const short = await compare(question, other);
    const long = await compare(`${context} ${question}`, `${context} ${other}`);
    expect(long.confidence).toBeLessThan(short.confidence ?? Number.NaN);
    expect([short.compared, long.compared]).toEqual(["prompts", "window"]);
  });

  it("share an answer where politeness is all that differs", async () => {
    const polite = "Could you please tell me how can I win back the customers that I have lost?";
    expect(await compare(`${context} ${question}`, `${context} ${polite}`)).toMatchObject({ verdict: "hit" });
  });

  it.each([
    ["a number in the question", question, "How can I win back the 3 customers that I have lost?"],
    ["another number in the question", "How do I win 5 customers?", "How do I win 50 customers?"],
    ["a negation in the question", question, "How can I not win back the customers that I have lost?"],
    ["a name in the question", "How can I get customers from Leeds?", "How can I get customers from Bath?"],
    ["something else in the question", question, "How can I keep the customers that I still have?"],
    ["the question word", "Why did they leave us?", "When did they leave us?"],
    ["the opposite in the question", "How do I raise my prices?", "How do I lower my prices?"],
    ["something demanded besides", question, `${question} Answer in French.`],
  ])("do not where they differ in %s", async (_what, a, b) => {
    expect(await compare(`${context} ${a}`, `${context} ${b}`)).toMatchObject({ verdict: "miss" });
    expect(await compare(`${a} ${context}`, `${b} ${context}`)).toMatchObject({ verdict: "miss" });
  });

  it.each([
    ["a number", "four employees", "five employees"],
    ["a negation", "I would not.", "I would."],
    ["a time of day", "six in the morning", "seven in the morning"],
    ["a word", "bread and rolls", "cakes and rolls"],
    ["a reworded statement", "A supermarket has opened", "A supermarket was opened"],
  ])("do not where what they tell differs in %s", async (_what, from, to) => {
    expect(context).toContain(from);
    const b = `${context.replace(from, to)} ${question}`;
    expect(await compare(`${context} ${question}`, b)).toMatchObject({ verdict: "miss" });
  });
});

it("of prompts of 170 to 210 tokens none is a hit that differs in something decisive, however long prompts may be", async () => {
  const file = join(import.meta.dirname, "../../bench/quality/long-prompts.jsonl");
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const pairs = lines.map((line) => JSON.parse(line) as { a: string; b: string; may_share: boolean; reason: string });
  const [usual, long] = [withMaxTokens(128), withMaxTokens(254)];
  const wrong: string[] = [];
  for (const { a, b, may_share, reason } of pairs) {
    if (may_share) continue;
    expect(await usual.compare(a, b)).toMatchObject({ verdict: "miss" });
    if ((await long.compare(a, b)).verdict === "hit") wrong.push(`${reason}: ${b}`);
  }
  expect(wrong).toEqual([]);
}, 120_000);
