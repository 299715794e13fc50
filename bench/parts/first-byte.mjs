// What a miss adds to the time to the first byte, against a call of the provider itself.
// Method: one connection to each of provider and Semcache, one request at a time; every sample is a pair (direct, then
// through Semcache; the order alternates) with a prompt that was never asked before. From the difference the time of
// embedder and verifier is taken, as the request's log line has it (`lookupMs.embed`, `lookupMs.judge`; the guard is
// part of the latter, and is told in a row of its own). A bare relay on node:http is measured beside it, since a second
// hop costs something whatever it does. An empty partition is relayed at once, and its prompt embedded
// afterwards; the other case has the partition filled with questions that are near and not the same.
import { createPromptGuard } from "#semcache/matching/guard/prompt-guard.js";
import { answerHeader, Connection } from "../support/connection.mjs";
import { Child } from "../support/child.mjs";
import { LogReader } from "../support/log-reader.mjs";
import { questions } from "../support/prompts.mjs";
import { chatBody, toHttpRequest } from "../support/requests.mjs";
import { summarize } from "../support/statistics.mjs";

const PART = "first-byte";

/** @param {import("../support/effort.mjs").Effort} effort @returns {Promise<import("../support/table.mjs").Figure[]>} */
export async function measureFirstByte({ samples, nodeOptions = [] }) {
  const provider = await Child.start("provider-server.mjs", {});
  const semcache = await Child.start("semcache-server.mjs", { providerPort: provider.port }, nodeOptions);
  const bare = await Child.start("relay-server.mjs", { providerPort: provider.port });
  const log = new LogReader(semcache);
  const direct = await Connection.open(provider.port);
  const through = await Connection.open(semcache.port);
  const relayed = await Connection.open(bare.port);
  try {
    const measure = (toRequest) => measurePairs({ direct, relayed, through, log, samples, toRequest });
    const empty = (number) => chatBody({ bytes: 1024, prompt: "When is it open?", salt: `Frame ${number}. ` });
    const filled = (number) => chatBody({ bytes: 1024, prompt: toVariant(number) });
    for (const prompt of questions) await through.send(toHttpRequest(chatBody({ bytes: 1024, prompt })));
    return [
      ...toFigures("empty partition", await measure(empty)),
      ...toFigures("partition with candidates", await measure(filled)),
      guardFigure(samples),
    ];
  } finally {
    direct.close();
    through.close();
    relayed.close();
    await bare.stop();
    await semcache.stop();
    await provider.stop();
  }
}

/** A question of its own for each number, near to those that the partition has. */
function toVariant(number) {
  const names = ["Portugal", "Norway", "Kenya", "Peru", "Japan", "Chile", "Ghana", "Nepal", "Cuba", "Oman"];
  return `Convert ${11 + number} miles to kilometers, ${names[number % names.length]} style`;
}

async function measurePairs({ direct, relayed, through, log, samples, toRequest }) {
  // The first requests find code that is not compiled yet, in all processes: a server has seen more than a few.
  const warmUp = 2 * samples;
  const pairs = [];
  for (let number = 0; number < warmUp + samples; number++) {
    const request = toHttpRequest(toRequest(number));
    const isDirectFirst = number % 2 === 0;
    const before = isDirectFirst ? await firstByteMs(direct, request) : null;
    const proxied = await firstByteMs(through, request);
    const { ms: relayedMs } = await firstByteMs(relayed, request);
    const { ms: directMs } = before ?? (await firstByteMs(direct, request));
    if (answerHeader(proxied.answer, "x-cache-status") !== "miss")
      throw new Error("Cannot measure a miss: it is a hit");
    const { lookupMs = {} } = await log.lineOf(answerHeader(proxied.answer, "x-semcache-request"));
    if (number < warmUp) continue;
    const modelsMs = (lookupMs.embed ?? 0) + (lookupMs.judge ?? 0);
    pairs.push({ directMs, relayedMs, proxiedMs: proxied.ms, modelsMs, addedMs: proxied.ms - directMs - modelsMs });
  }
  return pairs;
}

async function firstByteMs(connection, request) {
  const started = performance.now();
  let ms = Number.NaN;
  const answer = await connection.send(request, {
    onFirstByte: () => {
      ms = performance.now() - started;
    },
  });
  return { ms, answer };
}

function toFigures(name, pairs) {
  const figure = (what, values, target = null) => ({
    part: PART,
    name: `${name}: ${what}`,
    unit: "ms",
    ...summarize(values),
    target,
  });
  return [
    figure(
      "added beyond the models",
      pairs.map(({ addedMs }) => addedMs),
      { atMost: 1 },
    ),
    figure(
      "provider, direct",
      pairs.map(({ directMs }) => directMs),
    ),
    figure(
      "through a bare relay",
      pairs.map(({ relayedMs }) => relayedMs),
    ),
    figure(
      "added beyond the models and a bare relay",
      pairs.map(({ relayedMs, proxiedMs, modelsMs }) => proxiedMs - relayedMs - modelsMs),
    ),
    figure(
      "through Semcache",
      pairs.map(({ proxiedMs }) => proxiedMs),
    ),
    figure(
      "of it embedder and verifier",
      pairs.map(({ modelsMs }) => modelsMs),
    ),
  ];
}

/** The guard's own time for all candidates of a lookup, in this process. */
function guardFigure(samples) {
  const guard = createPromptGuard();
  const times = [];
  for (let number = 0; number < samples; number++) {
    const asked = toVariant(number);
    const started = performance.now();
    for (const question of questions) guard.compare({ a: question, b: asked });
    times.push(performance.now() - started);
  }
  return { part: PART, name: `guard, ${questions.length} pairs`, unit: "ms", ...summarize(times), target: null };
}
