// The rooms of a lookup, without HTTP, and a clock on their steps.
import { AsyncLocalStorage } from "node:async_hooks";
import { systemClock } from "#semcache/base/clock.js";
import { Landings } from "#semcache/cache/landings.js";
import { createLookup } from "#semcache/cache/lookup.js";
import { createLocalEmbedder } from "#semcache/embedding/local-embedder.js";
import { createTrust } from "#semcache/matching/audit/trust.js";
import { createPromptGuard } from "#semcache/matching/guard/prompt-guard.js";
import { createLocalVerifier } from "#semcache/matching/local-verifier.js";
import { createMatcher } from "#semcache/matching/prompt-matcher.js";
import { createMemoryStateStore } from "#semcache/store/state-store.js";

/** The default of `matching.max_error_rate`. */
const MAX_ERROR_RATE = 0.01;
const CANDIDATES = 8;
/** Of one lookup: nothing is cut off, whatever it waits for. */
const TIMEOUT_MS = 60_000;
const PARTITION = "lookup-steps";

/** A matcher and a lookup of the product, and what they asked of the models while a lookup judged. */
export function createScene({ pool, store, calibration }) {
  const embedder = createLocalEmbedder(pool);
  const verifier = createLocalVerifier(pool);
  /** Of the lookup that is under way: ms of models while judging, and pairs that the verifier was asked. */
  const underWay = new AsyncLocalStorage();
  const timed = async (work) => {
    const started = performance.now();
    const result = await work();
    const counts = underWay.getStore();
    if (counts) counts.ms = (counts.ms ?? 0) + performance.now() - started;
    return result;
  };
  const matcher = createMatcher({
    embedder: {
      ...embedder,
      // Two texts: the windows of two long prompts, which are compared while judging.
      embed: (texts, signal) =>
        texts.length === 1 ? embedder.embed(texts, signal) : timed(() => embedder.embed(texts, signal)),
    },
    verifier: {
      ...verifier,
      async score(pairs, signal) {
        const logits = await timed(() => verifier.score(pairs, signal));
        const counts = underWay.getStore();
        counts.pairs += pairs.length;
        counts.tooLong += logits.filter((logit) => logit === null).length;
        return logits;
      },
    },
    guard: createPromptGuard(),
    calibration,
    maxErrorRate: MAX_ERROR_RATE,
    maxPromptTokens: 128,
    similarityFloor: null,
    guardOn: true,
    verifierOn: true,
  });
  const lookup = createLookup({
    store,
    matcher,
    landings: new Landings(),
    trust: createTrust({
      state: createMemoryStateStore(),
      clock: systemClock,
      maxErrorRate: MAX_ERROR_RATE,
      onRaised: () => undefined,
    }),
    clock: systemClock,
    candidates: CANDIDATES,
    timeoutMs: TIMEOUT_MS,
    modelsReady: () => true,
    onFault(error) {
      throw error;
    },
  });
  return { matcher, lookup, underWay };
}

/** Stores each of the prompts with its vector. */
export async function fill(store, matcher, prompts) {
  const answer = { shape: "json", status: 200, contentType: "application/json", openaiVersion: null };
  for (const [number, promptText] of prompts.entries()) {
    const prepared = await matcher.prepare(promptText);
    const entry = {
      id: `entry-${number}`,
      exactKey: `key-${number}`,
      partition: PARTITION,
      tenant: "anonymous",
      namespace: "",
      dialect: "openai-chat",
      upstream: "https://api.example.com/v1/chat/completions",
      model: null,
      promptText,
      vector: prepared.kind === "comparable" ? prepared.vector : null,
      answer: { ...answer, body: Buffer.from("{}") },
      usage: null,
      finishReason: "stop",
      providerMs: 1_000,
      tags: [],
      createdAtMs: systemClock.now(),
      expiresAtMs: systemClock.now() + 86_400_000,
    };
    await store.put(entry, store.generation());
  }
}

/** Looks all of them up, `load` at a time. @returns for each what its steps took, in ms, and what it came to */
export async function askAll({ lookup, underWay }, prompts, load) {
  const asked = [];
  const open = [...prompts];
  const askOn = async () => {
    for (let promptText = open.pop(); promptText !== undefined; promptText = open.pop()) {
      const counts = { ms: undefined, pairs: 0, tooLong: 0 };
      const request = {
        exactKey: promptText,
        partition: PARTITION,
        promptText,
        exactOnly: null,
        maxAgeMs: null,
        maxErrorRate: undefined,
        stale: null,
        replay: ({ shape, contentType, body }) => ({ shape, contentType, body }),
        signal: new AbortController().signal,
      };
      const started = performance.now();
      const { kind, stepsMs } = await underWay.run(counts, () => lookup.find(request));
      const whole = performance.now() - started;
      const { ms: verify, pairs, tooLong } = counts;
      const { embed, search, judge } = stepsMs;
      const guard = judge === undefined ? undefined : judge - (verify ?? 0);
      asked.push({ hits: kind === "hit" ? 1 : 0, pairs, tooLong, embed, search, guard, verify, whole });
    }
  };
  await Promise.all(Array.from({ length: load }, askOn));
  return asked;
}
