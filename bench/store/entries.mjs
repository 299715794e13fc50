import { createHash } from "node:crypto";
import { createRandom } from "./random.mjs";

const DAY_MS = 86_400_000;
const WORDS =
  "the answer depends on how often you want to use it and what it should cost because most people begin with a simple plan that can be changed later first open the settings then choose account and confirm with the code we sent there are three ways each has advantages for example smaller teams prefer shorter steps while larger ones need a review before anything is published finally check that the number matches".split(
    " ",
  );

/** All entries of the benchmark with one partition. */
export const PARTITION = digest("partition");

/** @param {string} text */
export function digest(text) {
  return createHash("sha256").update(text).digest("base64url");
}

/** Its number can be read from it again. @param {number} number */
export function toId(number) {
  const start = createHash("sha256").update(`id ${number}`).digest("hex");
  return `${start.slice(0, 8)}-${start.slice(8, 12)}-4${start.slice(13, 16)}-8${start.slice(17, 20)}-${number.toString(16).padStart(12, "0")}`;
}

/** @param {string} id */
export function toNumber(id) {
  return Number.parseInt(id.slice(-12), 16);
}

/** @param {number} number */
export function toExactKey(number) {
  return digest(`key ${number}`);
}

/**
 * An entry as the proxy stores one: an answer of OpenAI's chat API with 1 to 2 kB.
 *
 * @param {import("./vectors.mjs").Vectors} vectors
 * @param {number} number
 * @param {{ partition?: string, tags?: readonly string[] }} [options]
 */
export function toEntry(vectors, number, { partition = PARTITION, tags = [] } = {}) {
  const nowMs = Date.now();
  const body = toBody(number);
  return {
    id: toId(number),
    exactKey: toExactKey(number),
    partition,
    tenant: TENANT,
    namespace: "",
    dialect: "openai-chat",
    upstream: "https://api.openai.com/v1/chat/completions",
    model: "gpt-4o-mini",
    promptText: vectors.textOf(number),
    vector: { embedderId: vectors.embedderId, values: vectors.at(number) },
    answer: { shape: "json", status: 200, contentType: "application/json", openaiVersion: "2020-10-01", body },
    usage: { inputTokens: 24, outputTokens: Math.round(body.length / 5) },
    finishReason: "stop",
    providerMs: 400 + (number % 2_000),
    tags,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + 30 * DAY_MS,
  };
}

const TENANT = digest("tenant");

/** Prose that answers are cut from. */
const PROSE = makeProse(200_000);

function makeProse(length) {
  const random = createRandom(0x5eed);
  let prose = "";
  while (prose.length < length) prose += `${WORDS[Math.floor(random() * WORDS.length)]} `;
  return prose;
}

function toBody(number) {
  const random = createRandom(number ^ 0x5eed);
  const length = Math.floor(600 + random() * 1_000);
  const start = Math.floor(random() * (PROSE.length - length));
  const content = PROSE.slice(start, start + length);
  const tokens = Math.round(length / 5);
  return Buffer.from(
    JSON.stringify({
      id: `chatcmpl-${number.toString(36).padStart(29, "A")}`,
      object: "chat.completion",
      created: 1_763_800_000 + number,
      model: "gpt-4o-mini-2024-07-18",
      choices: [
        { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" },
      ],
      usage: {
        prompt_tokens: 24,
        completion_tokens: tokens,
        total_tokens: tokens + 24,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      },
      service_tier: "default",
      system_fingerprint: "fp_0aa8d3e20b",
    }),
  );
}
