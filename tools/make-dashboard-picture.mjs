// `node tools/make-dashboard-picture.mjs`: the pictures of docs/dashboard.md, made anew (after `npm run build`; needs
// Chromium, minutes of time, and nothing of the network).
//
// What they show is real: the built product answers about 3,000 requests made of the question pairs of
// test/quality/pairs, popular ones more often, and each number is what it counted. Two things are not of a real day: the
// provider is an imitation that waits like one (half a second in the median), and the server's clock, which sorts what
// is counted into the hours of one day, is set forward with each request. Durations are measured by the real clock.
import { createServer } from "node:http";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { createApp } from "../dist/app.js";
import { loadConfig } from "../dist/config/load.js";

const REQUESTS = 3_000;
const DAY_MS = 86_400_000;
const CALLERS = 8;
/** Requests of each hour of the day, as shares of the busiest. */
const hourly = [
  0.2, 0.15, 0.1, 0.1, 0.12, 0.2, 0.35, 0.55, 0.8, 0.95, 1, 0.95, 0.8, 0.85, 0.95, 1, 0.9, 0.75, 0.6, 0.55, 0.5, 0.45,
  0.35, 0.25,
];
const models = [
  ["gpt-4o-mini", 0.6],
  ["gpt-4o", 0.9],
  ["gpt-4.1", 1],
];

const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const random = createRandom(20_261_123);
const pairs = readPairs();
const paraphrases = pairs.filter((pair) => pair.may_share);
const nearMisses = pairs.filter((pair) => !pair.may_share);
const provider = await startProvider();
const clock = { nowMs: Date.now() - DAY_MS - 600_000, now: () => clock.nowMs };
const { config } = loadConfig({
  env: {},
  workingFolder: import.meta.dirname,
  overrides: {
    server: { host: "127.0.0.1", port: 0 },
    upstream: { providers: { openai: { base_url: provider.url } }, allow: [provider.url] },
    store: { kind: "memory", path: null },
    cache: {
      eviction_policy: [
        { policy_type: "entry_limit", value: 5_000 },
        { policy_type: "memory_limit_mb", value: 64 },
      ],
    },
    matching: { audit_rate: 0.05, timeout: "10s" },
    telemetry: { log_level: "silent", log_prompts: true },
  },
});
const app = await createApp(config, { clock });
const { url } = await app.listen();
await app.ready();
await spendTheDay();
await takePictures();
await app.close();
provider.close();

async function spendTheDay() {
  const schedule = Array.from({ length: REQUESTS }, () => pickTime()).sort((a, b) => a - b);
  const beginMs = clock.nowMs;
  let at = 0;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (at < schedule.length) {
        clock.nowMs = Math.max(clock.nowMs, beginMs + schedule[at++]);
        if (at % 100 === 0) process.stderr.write(`\r${at} of ${REQUESTS}`);
        await ask(pickPrompt(), pickModel());
      }
    }),
  );
  process.stderr.write("\n");
  // One after another, so that the last decisions are in the order of their times.
  for (let last = 0; last < 20; last++) {
    clock.nowMs += 60_000 * random();
    await ask(pickPrompt(), pickModel());
  }
}

/** Milliseconds into the day, most in the busy hours. */
function pickTime() {
  // The day ends now, in whatever hour that is.
  const firstHour = new Date(clock.nowMs).getHours();
  for (;;) {
    const ms = random() * DAY_MS;
    if (random() < hourly[(firstHour + Math.floor(ms / 3_600_000)) % 24]) return ms;
  }
}

/** Few questions are asked often and many once (Zipf), in either wording of the pair; three in ten are near-misses. */
function pickPrompt() {
  const group = random() < 0.7 ? paraphrases : nearMisses;
  const rank = Math.floor(group.length ** random()) - 1;
  const pair = group[Math.max(0, rank)];
  return random() < 0.6 ? pair.a : pair.b;
}

function pickModel() {
  const draw = random();
  return models.find(([, upTo]) => draw < upTo)[0];
}

async function ask(prompt, model) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer key-of-team-${prompt.length % 3}` },
    body: JSON.stringify({ model, messages: [{ role: "user", content: prompt }] }),
  });
  await response.arrayBuffer();
}

function readPairs() {
  const folder = new URL("../test/quality/pairs/", import.meta.url);
  const all = readdirSync(folder).flatMap((name) =>
    readFileSync(new URL(name, folder), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line)),
  );
  for (let index = all.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [all[index], all[other]] = [all[other], all[index]];
  }
  return all;
}

/** Answers what means the same with the same text, so that audits can tell; now and then it fails, as providers do. */
async function startProvider() {
  const answers = new Map(
    pairs.flatMap(({ a, b, may_share: same }, index) => [
      [a, `${a} This is the answer of number ${index}.`],
      [b, same ? `${a} This is the answer of number ${index}.` : `${b} This is the other answer of number ${index}.`],
    ]),
  );
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { model, messages } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const prompt = messages.at(-1).content;
    // Log-normal: half of them take longer than half a second, one in twenty longer than a second and a half.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    await new Promise((resolve) => setTimeout(resolve, 500 * Math.exp(normal * 0.7)));
    const draw = random();
    const status = draw < 0.006 ? 429 : draw < 0.01 ? 503 : 200;
    response.writeHead(status, { "content-type": "application/json" });
    if (status !== 200)
      return response.end(JSON.stringify({ error: { message: "Try again later", type: "server_error" } }));
    const content = `${answers.get(prompt) ?? prompt} `.repeat(3 + (prompt.length % 9)).trim();
    const usage = { prompt_tokens: Math.ceil(prompt.length / 4) + 8, completion_tokens: Math.ceil(content.length / 4) };
    response.end(
      JSON.stringify({
        id: `chatcmpl-${Math.floor(random() * 1e9)}`,
        object: "chat.completion",
        created: Math.floor(Date.now() / 1000),
        model,
        choices: [
          { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" },
        ],
        usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function takePictures() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  const context = { locale: "en-US", viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" };
  const light = await browser.newPage({ ...context, viewport: { width: 1280, height: 1200 }, colorScheme: "light" });
  await light.goto(`${url}/admin`);
  await light.locator(".pill.live").waitFor();
  await light.locator(".u-legend").first().waitFor();
  await light.screenshot({ path: `${docs}dashboard.png` });
  const dark = await browser.newPage({ ...context, colorScheme: "dark" });
  await dark.goto(`${url}/admin#decisions`);
  await dark.getByText(/ kept$/).waitFor();
  await dark.screenshot({ path: `${docs}dashboard-decisions.png` });
  await browser.close();
}

/** Mulberry32: the same day each time it is made. */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
