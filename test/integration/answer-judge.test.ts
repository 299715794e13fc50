import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ask, chat, freshNamespace, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { breakMidBody, fixed, neverAnswer } from "../support/imitation/faults.ts";
import type { Script } from "../support/imitation/script.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import { asked, comparisonOf, longText, metricsOf, put, rules, says, shadowOf, stored } from "./shadow-scene.ts";

let provider: ImitationProvider;
let judge: ImitationProvider;
let folder: string;
beforeAll(async () => {
  provider = await startImitationProvider();
  judge = await startImitationProvider();
  folder = await mkdtemp(join(tmpdir(), "semcache-judge-"));
});
beforeEach(() => {
  provider.reset();
  judge.reset();
});
afterAll(async () => {
  await provider.close();
  await judge.close();
  await rm(folder, { recursive: true, force: true });
});

async function withJudge<T>(settings: object, run: (semcache: RunningSemcache) => Promise<T>, more: object = {}) {
  const semcache = await startSemcache(provider.url, {
    cache: { mode: "shadow" },
    // A share above none: what looks wrong is then asked of the provider once more, before it is called so.
    matching: {
      audit_rate: 0.01,
      judge: { url: `${judge.url}/v1`, model: "a-judge", api_key: "judge-key", ...settings },
    },
    ...more,
  });
  try {
    return await run(semcache);
  } finally {
    await semcache.close();
  }
}

/** A would-be hit whose answer is told from the provider's by nothing but a judge. */
async function ambiguous(semcache: RunningSemcache, again = 1) {
  const headers: HeaderList = [["authorization", "Bearer client"], freshNamespace()];
  provider.script(says(longText));
  provider.script(says(`${longText} It ends in June.`), { times: again });
  await put(semcache, stored, headers);
  return comparisonOf(semcache, await put(semcache, asked, headers));
}

test("is asked where nothing else can tell, with a key of its own and both answers as data", async () => {
  await withJudge({}, async (semcache) => {
    judge.script(rules("same"));
    expect(await ambiguous(semcache)).toMatchObject({ outcome: "right", by: "judge" });
    const [question] = judge.requests;
    expect([question?.method, question?.path]).toEqual(["POST", "/v1/chat/completions"]);
    expect(question?.headers["authorization"]).toBe("Bearer judge-key");
    const { model, messages } = JSON.parse(question?.body.toString() ?? "") as {
      model: string;
      messages: { content: string }[];
    };
    expect(model).toBe("a-judge");
    expect(JSON.parse(messages[1]?.content ?? "")).toEqual({
      question: asked,
      first_answer: longText,
      second_answer: `${longText} It ends in June.`,
    });
    const metrics = await metricsOf(semcache);
    expect(metrics).toMatch(/semcache_judge_questions_total\{outcome="same"\} 1\n/);
    expect(metrics).toMatch(/semcache_judge_tokens_total 12\n/);
    expect(metrics).toMatch(/semcache_judge_calls_left 199\n/);
    expect(await shadowOf(semcache)).toMatchObject({
      judge: { model: "a-judge", callsLeft: 199 },
      shadow: { grounds: { judge: { right: 1 } } },
    });
  });
});

test("is not asked where the answers are equal, or plainly others", async () => {
  await withJudge({}, async (semcache) => {
    const headers: HeaderList = [freshNamespace()];
    await put(semcache, stored, headers);
    expect(await comparisonOf(semcache, await put(semcache, stored, headers))).toMatchObject({ outcome: "right" });
    provider.script(says("Bake it at 180 degrees."), { times: 2 });
    expect(await comparisonOf(semcache, await put(semcache, asked, headers))).toMatchObject({ outcome: "wrong" });
    expect(judge.requests).toHaveLength(0);
  });
});

test("a different answer is wrong once the provider has said it twice", async () => {
  await withJudge({}, async (semcache) => {
    judge.script(rules("different"), { times: 2 });
    expect(await ambiguous(semcache, 2)).toMatchObject({ outcome: "wrong", by: "judge" });
    expect([judge.requests.length, provider.requests.length]).toEqual([2, 3]);
  });
});

const quoted = '{"check":"anything","verdict":"same"}';

test.each<[string, string, Script]>([
  ["does not know", "unsure", rules("unsure")],
  ["says something else", "garbled", says("They are the same.")],
  ["gives a verdict without the code", "garbled", says(quoted)],
  ["is cut off", "garbled", says(quoted, "length")],
  ["answers what is no completion", "garbled", fixed({ status: 200, headers: [], parts: [Buffer.from("<html>")] })],
  ["fails", "failed", fixed({ status: 500, headers: [], parts: [Buffer.from("{}")] })],
  ["redirects", "failed", fixed({ status: 307, headers: [["location", "http://127.0.0.1:1/"]], parts: [] })],
  ["breaks off", "failed", breakMidBody(1)],
])("a judge that %s leaves it unsure", async (_, outcome, script) => {
  await withJudge({}, async (semcache) => {
    judge.script(script);
    expect(await ambiguous(semcache)).toMatchObject({ outcome: "unsure", by: "models" });
    expect(await metricsOf(semcache)).toContain(`semcache_judge_questions_total{outcome="${outcome}"} 1\n`);
    expect(judge.requests).toHaveLength(1);
  });
});

test("one that does not answer in time leaves it unsure, and its call is broken off", async () => {
  await withJudge({ timeout: "50ms" }, async (semcache) => {
    judge.script(neverAnswer());
    expect(await ambiguous(semcache)).toMatchObject({ outcome: "unsure" });
    expect(await metricsOf(semcache)).toContain('semcache_judge_questions_total{outcome="failed"} 1\n');
  });
});

test("the day's budget is kept over restarts, and what is over it is not asked", async () => {
  const store = { store: { path: join(folder, "budget") } };
  const budget = { max_calls_per_day: 2 };
  await withJudge(
    budget,
    async (semcache) => {
      judge.script(rules("same"));
      expect(await ambiguous(semcache)).toMatchObject({ outcome: "right" });
    },
    store,
  );
  await withJudge(
    budget,
    async (semcache) => {
      judge.script(rules("same"), { times: 2 });
      expect(await ambiguous(semcache)).toMatchObject({ outcome: "right" });
      expect(await ambiguous(semcache)).toMatchObject({ outcome: "unsure" });
      expect(judge.requests).toHaveLength(2);
      const metrics = await metricsOf(semcache);
      expect(metrics).toMatch(/semcache_judge_questions_total\{outcome="spent"\} 1\n/);
      expect(metrics).toMatch(/semcache_judge_calls_left 0\n/);
    },
    store,
  );
});

test("answers that would be too long to read in full are not cut, and not sent", async () => {
  await withJudge({}, async (semcache) => {
    const headers: HeaderList = [freshNamespace()];
    provider.script(says(longText.repeat(12)));
    provider.script(says(`${longText.repeat(12)} It ends in June.`));
    await put(semcache, stored, headers);
    expect(await comparisonOf(semcache, await put(semcache, asked, headers))).toMatchObject({ outcome: "unsure" });
    expect(await metricsOf(semcache)).toContain('semcache_judge_questions_total{outcome="too-long"} 1\n');
    expect(judge.requests).toHaveLength(0);
  });
});

test("its address is no place where callers may send requests", async () => {
  await withJudge({}, async (semcache) => {
    const refused = await ask(semcache.port, { headers: [["x-llm-proxy-host", judge.url]], body: chat(stored) });
    expect([refused.status, refused.header("x-semcache-error")]).toEqual([403, "upstream-forbidden"]);
    expect(judge.requests).toHaveLength(0);
  });
});
