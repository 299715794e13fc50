import { afterAll, beforeAll, expect, it } from "vitest";
import { createJudging, type Judging } from "#semcache/app.js";
import { loadConfig } from "#semcache/config/load.js";
import { createLocalEmbedder } from "#semcache/embedding/local-embedder.js";
import { dialects } from "#semcache/formats/dialects.js";
import { createAnswerComparer } from "#semcache/matching/audit/compare-answers.js";
import { loadCalibration } from "#semcache/matching/calibration/load-calibration.js";
import { createLocalVerifier } from "#semcache/matching/local-verifier.js";
import { createPromptGuard } from "#semcache/matching/guard/prompt-guard.js";
import type { LoggedAnswer, LoggedRequest } from "#semcache/tuning/logged-request.js";
import { createLogUnderstanding, type ReplayRequest } from "#semcache/tuning/replay-request.js";
import { settingIndexOf, toReplaySettings, type ReplaySetting } from "#semcache/tuning/replay-setting.js";
import { Replay } from "#semcache/tuning/replay.js";
import { createUpstreamPolicy } from "#semcache/upstream/upstream-policy.js";

const { config } = loadConfig({ env: {}, workingFolder: import.meta.dirname });
let judging: Judging;
let settings: readonly ReplaySetting[];
beforeAll(async () => {
  settings = toReplaySettings(await loadCalibration(), [0.01]);
  judging = await createJudging({ ...config, matching: { ...config.matching, maxErrorRate: 0.2 } });
}, 60_000);
afterAll(() => judging?.close());

const understand = createLogUnderstanding({
  dialects,
  policy: createUpstreamPolicy({
    allow: [],
    allowPublic: true,
    providers: config.upstream.baseUrls,
    viaEgressProxy: false,
  }),
  providers: config.upstream.providers,
  plan: { ...config.cache, maxErrorRate: 1 },
  ignoreFields: config.cache.ignoreFields,
  varyHeaders: [],
  maxRequestBytes: 10_000,
});

/** @param answers what each was answered with: text as it is, anything else as a provider's body */
function log(prompts: readonly string[], answers: readonly (string | object)[] = []): readonly ReplayRequest[] {
  return prompts.map((prompt, index) => {
    const answer = answers[index];
    const logged: LoggedRequest = {
      kind: "openai-body",
      asked: {
        kind: "body",
        path: "/v1/chat/completions",
        text: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: prompt }] }),
        tenant: null,
      },
      timeMs: null,
      tokens: null,
      answer: answer === undefined ? null : toAnswer(answer),
      label: { kind: "none" },
    };
    const understood = understand(logged, index + 1);
    if (understood.kind === "bypass") throw new Error(`Cannot replay: ${understood.reason}`);
    return understood.request;
  });
}

function toAnswer(answer: string | object): LoggedAnswer {
  if (typeof answer === "string") return { kind: "text", text: answer };
  return { kind: "body", status: 200, text: JSON.stringify(answer) };
}

function open(): Replay {
  return new Replay({
    matcher: judging.patientMatcher,
    comparer: createAnswerComparer({
      embedder: createLocalEmbedder(judging.pool, { queue: "unbounded" }),
      verifier: createLocalVerifier(judging.pool, { queue: "unbounded" }),
      guard: createPromptGuard(),
    }),
    settings,
    explained: new Set([settingIndexOf(settings, 0.01)]),
    candidates: 8,
    price: () => null,
    pairs: 10,
  });
}

async function replay(requests: readonly ReplayRequest[]) {
  const all = open();
  await all.run(requests, { signal: new AbortController().signal, onDone: () => undefined });
  const tally = all.tallies[settingIndexOf(settings, 0.01)];
  if (tally === undefined) throw new Error("Cannot find the setting");
  return { tally, counts: tally.counts, all };
}

const track = ["How do I track my parcel?", "How can I track my parcel?"] as const;
const bike = ["Can I send a bicycle?", "Is it possible to send a bicycle?"] as const;

it("compares the log's own answers where there are no labels", async () => {
  const { counts, tally } = await replay(
    log([...track, ...bike], ["On the tracking page.", "on the tracking page", "Yes, up to 20 kg.", "No, never."]),
  );
  expect(counts).toMatchObject({ semantic: 2, right: 1, wrong: 1, unknown: 0 });
  expect(tally.worst.find(({ truth }) => truth === "other")).toMatchObject({ asked: bike[1], stored: bike[0] });
  const { counts: untold } = await replay(log(track));
  expect(untold).toMatchObject({ semantic: 1, right: 0, wrong: 0, unknown: 1 });
}, 60_000);

const completion = (finish: string) => ({
  choices: [{ index: 0, message: { role: "assistant", content: "On the tracking page." }, finish_reason: finish }],
  usage: { prompt_tokens: 10, completion_tokens: 5 },
});

it("keeps what the proxy would have kept", async () => {
  const prompts = [track[0], track[1], track[0]];
  const complete = await replay(
    log(
      prompts,
      prompts.map(() => completion("stop")),
    ),
  );
  expect(complete.counts).toMatchObject({ exact: 1, semantic: 1, saved: { tokens: 30, counted: 2 } });
  // Cut off by its length: it answers equal requests only.
  const cut = await replay(
    log(
      prompts,
      prompts.map(() => completion("length")),
    ),
  );
  expect(cut.counts).toMatchObject({ exact: 1, semantic: 0 });
  const filtered = await replay(
    log(
      prompts,
      prompts.map(() => completion("content_filter")),
    ),
  );
  expect(filtered.counts).toMatchObject({ exact: 0, semantic: 0 });
  const failed = await replay(
    log(
      prompts,
      prompts.map(() => ({ error: { message: "overloaded" } })),
    ),
  );
  expect(failed.counts).toMatchObject({ exact: 0, semantic: 0 });
  expect([complete.all.counts.notKept, failed.all.counts.notKept]).toEqual([0, 3]);
}, 60_000);

it("does not store what a setting would have answered from the cache", async () => {
  // The third is exact for who keeps equal requests only, and by meaning for who answered the second with the first.
  const { all, counts } = await replay(log([track[0], track[1], track[1]]));
  expect(all.tallies[0]?.counts).toMatchObject({ exact: 1, semantic: 0 });
  expect(counts).toMatchObject({ exact: 0, semantic: 2 });
}, 60_000);

it("counts what was done when it is interrupted", async () => {
  const stop = new AbortController();
  const all = open();
  const requests = log(["What is a parcel?", ...track, ...bike, "What is a letter?"]);
  const run = all.run(requests, { signal: stop.signal, onDone: (done) => done === 3 && stop.abort() });
  await expect(run).rejects.toThrow(/abort/i);
  expect(all.counts.requests).toBe(3);
}, 60_000);
