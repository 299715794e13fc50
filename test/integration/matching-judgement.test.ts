import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Matcher } from "#semcache/matching/matcher.js";
import { createLocalEmbedder } from "#semcache/embedding/local-embedder.js";
import { loadModelManifest } from "#semcache/inference/model-manifest.js";
import { createWorkerPool } from "#semcache/inference/worker-pool.js";
import { featureNames } from "#semcache/matching/calibration/features.js";
import { loadCalibration } from "#semcache/matching/calibration/load-calibration.js";
import { createPromptGuard } from "#semcache/matching/guard/prompt-guard.js";
import { createLocalVerifier } from "#semcache/matching/local-verifier.js";
import { createMatcher, type PromptMatcher } from "#semcache/matching/prompt-matcher.js";

type Options = Parameters<typeof createMatcher>[0];

let close: () => Promise<void>;
let base: Options;
let matcher: PromptMatcher;

const withOptions = (options: Partial<Options>): PromptMatcher => createMatcher({ ...base, ...options });

beforeAll(async () => {
  const pool = createWorkerPool({ models: await loadModelManifest(), workers: 1, maxQueue: 64 });
  close = () => pool.close();
  base = {
    embedder: createLocalEmbedder(pool),
    verifier: createLocalVerifier(pool),
    guard: createPromptGuard(),
    calibration: await loadCalibration(),
    maxErrorRate: 0.01,
    maxPromptTokens: 128,
    similarityFloor: null,
    guardOn: true,
    verifierOn: true,
  };
  matcher = createMatcher(base);
});
afterAll(() => close());

describe("prompts that may share an answer", () => {
  it.each([
    ["What is the capital of France?", "Tell me France's capital city"],
    ["What is the capital of France?", "what is  the capital of france"],
    ["How do I reset my password?", "How can I reset my password?"],
    ["How do I reset my password?", "Please tell me: how do I reset my password? Thanks!"],
    ["What are the benefits of exercise?", "Tell me about the benefits of exercising"],
    ["Summarize the plot of Hamlet", "Give me a summary of Hamlet's plot"],
    ["How tall is Mount Everest?", "What is the height of Mount Everest?"],
    ["How do I cancel my subscription?", "I want to cancel my subscription, how do I do it?"],
    ["what does `ls -A` do", "what does `ls -A` do"],
    ["What is the weather today?", "What is the weather today?"],
  ])("%s | %s", async (a, b) => {
    expect(await matcher.compare(a, b)).toMatchObject({ verdict: "hit", reason: null });
  });
});

describe("prompts that must not", () => {
  it.each([
    ["What is the capital of France?", "What is the capital of Spain?", "guard-name"],
    ["convert 5 km to miles", "convert 10 km to miles", "guard-number"],
    ["Who won the cup in 2018?", "Who won the cup in 2022?", "guard-date"],
    ["How do I enable dark mode?", "How do I disable dark mode?", "guard-opposite"],
    ["Is coffee good for you?", "Is coffee not good for you?", "guard-negation"],
    ["Flights from Paris to London", "Flights from London to Paris", "guard-order"],
    ["Where was Mozart born?", "When was Mozart born?", "guard-question"],
    ["Which state has the longest river?", "What is the longest river in the largest state?", "guard-question"],
    ["How many rivers are there in Texas?", "Which rivers are there in Texas?", "guard-question"],
    ["The smallest city in the largest state", "The biggest city in the smallest state", "guard-opposite"],
    ['Translate "good morning"', 'Translate "good night"', "guard-quote"],
    ["what does ls -a do", "what does ls -A do", "guard-code"],
    ["Explain gravity", "Explain gravity to a child", "guard-demand"],
    ["How do I boil an egg?", "How do I train for a marathon?", "no-candidate"],
    ["What is the weather today?", "What's the weather today?", "volatile"],
    ["continue", "Continue.", "no-candidate"],
    ["What is the capital of France?", "Quelle est la capitale de la France ?", "unknown-language"],
    [`Summarize: ${"red fish ".repeat(100)}`, `Summarise: ${"red fish ".repeat(100)}`, "too-long"],
  ])("%.60s | %.60s: %s", async (a, b, reason) => {
    expect(await matcher.compare(a, b)).toMatchObject({ verdict: "miss", reason });
  });
});

describe("the bar", () => {
  const a = "How do I reset my password?";
  const b = "How can I reset my password?";

  it("can be tightened by a request, and not loosened", async () => {
    expect((await matcher.compare(a, b, { maxErrorRate: 0.0001 })).verdict).toBe("miss");
    const strict = withOptions({ maxErrorRate: 0.0001 });
    expect((await strict.compare(a, b, { maxErrorRate: 0.2 })).verdict).toBe("miss");
  });

  it("has a floor on the cosine that only tightens", async () => {
    expect((await withOptions({ similarityFloor: 0.995 }).compare(a, b)).verdict).toBe("miss");
    const low = withOptions({ similarityFloor: -1 });
    expect((await low.compare("What is the capital of France?", "What is the capital of Spain?")).verdict).toBe("miss");
  });

  it("needs a calibration of these models", () => {
    expect(() => withOptions({ calibration: { ...base.calibration, embedder: "other:1" } })).toThrow(
      /fitted with the embedder other:1/,
    );
    expect(() => withOptions({ calibration: { ...base.calibration, guard: "none" } })).toThrow(/fitted with the guard/);
  });
});

describe("the calibration", () => {
  it("gains nothing from words that only one prompt has, nor from findings of the guard", async () => {
    const { weights } = await loadCalibration();
    for (const [index, name] of featureNames.entries()) {
      const weight = weights[index] ?? Number.NaN;
      if (/^(?:cosine|logit|shared)/.test(name)) expect(weight, name).toBeGreaterThanOrEqual(0);
      else expect(weight, name).toBeLessThanOrEqual(0);
    }
  });
});

describe("candidates", () => {
  const prompt = "How can I reset my password?";
  const near = { id: "near", promptText: "How can I reset my phone?", similarity: 0.99 };
  const right = { id: "right", promptText: "How do I reset my password?", similarity: 0.98 };

  it("are judged in order until one passes", async () => {
    const far = { id: "far", promptText: "How do I bake bread?", similarity: 0.3 };
    expect(await matcher.judge(prompt, [near, far, far, right], {})).toMatchObject({ kind: "hit", candidate: right });
  });

  it("give the reason of the nearest on a miss, and none where there are none", async () => {
    const other = { id: "other", promptText: "How do I reset 3 passwords?", similarity: 0.97 };
    expect(await matcher.judge(prompt, [near, other], {})).toMatchObject({ kind: "miss", candidate: near });
    expect(await matcher.judge(prompt, [], {})).toEqual({
      kind: "miss",
      reason: "no-candidate",
      candidate: null,
      judgement: null,
    });
  });

  /** A matcher that tells how many pairs its verifier was asked. */
  function countVerified() {
    let asked = 0;
    const { verifier } = base;
    const matcher = withOptions({
      verifier: {
        id: verifier.id,
        maxTokens: verifier.maxTokens,
        score(pairs, signal) {
          asked += pairs.length;
          return verifier.score(pairs, signal);
        },
      },
    });
    return { matcher, asked: () => asked };
  }

  it("are verified once, until the entry is forgotten", async () => {
    const counting = countVerified();
    await counting.matcher.judge(prompt, [right], {});
    await counting.matcher.judge(prompt, [right], {});
    expect(counting.asked()).toBe(1);
    counting.matcher.forget("right");
    await counting.matcher.judge(prompt, [right], {});
    expect(counting.asked()).toBe(2);
    await counting.matcher.judge(prompt, [{ ...right, promptText: "How do I reset my router?" }], {});
    expect(counting.asked()).toBe(3);
  });

  it("are judged anew, and not verified anew, where the bar has risen", async () => {
    const counting = countVerified();
    expect(await counting.matcher.judge(prompt, [right], {})).toMatchObject({ kind: "hit" });
    expect(await counting.matcher.judge(prompt, [{ ...right, maxErrorRate: 0 }], {})).toMatchObject({ kind: "miss" });
    expect(await counting.matcher.judge(prompt, [right], {})).toMatchObject({ kind: "hit" });
    expect(counting.asked()).toBe(1);
  });

  it("are read by the guard where they could pass, and the nearest in any case", async () => {
    const read: string[] = [];
    const { guard } = base;
    const counting = withOptions({
      guard: {
        id: guard.id,
        compare(pair) {
          read.push(pair.a);
          return guard.compare(pair);
        },
      },
    });
    const far = ["How do I bake bread?", "Where do penguins sleep?", "Name a river in Spain"].map((promptText) => ({
      id: promptText,
      promptText,
      similarity: 0.1,
    }));
    expect(await counting.judge(prompt, [...far, right], {})).toMatchObject({ kind: "hit", candidate: right });
    expect(read).toEqual([far[0]?.promptText, right.promptText]);
  });

  it("pass the caller's abort on", async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(withOptions({}).prepare(prompt, controller.signal)).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("parts switched off", () => {
  it("without the verifier only passes what is all but the same", async () => {
    const plain: Matcher = withOptions({ verifierOn: false });
    expect((await plain.compare("How do I reset my password?", "How can I reset my password?")).verdict).toBe("hit");
    expect((await plain.compare("What is the capital of France?", "Tell me France's capital city")).verdict).toBe(
      "miss",
    );
  });

  it("without the guard leaves it to the verifier", async () => {
    const bare: Matcher = withOptions({ guardOn: false });
    expect(await bare.compare("convert 5 km to miles", "convert 10 km to miles")).toMatchObject({ guard: [] });
  });
});
