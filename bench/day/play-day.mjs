// Plays a recorded day to a real Semcache, one request after another, as fast as it answers; its clock says the times of the
// log. In this process, so that the clock can be set; requests go over a socket all the same.
import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { Writable } from "node:stream";
import { createApp } from "../../dist/app.js";
import { loadConfig } from "../../dist/config/load.js";
import { callNumberOf, startDayProvider } from "./day-provider.mjs";

/**
 * @typedef {object} PlayedRequest by the headers of its answer, and the answer
 * @property {string} request `x-semcache-request`
 * @property {string} status `x-cache-status`
 * @property {string | null} match
 * @property {string | null} reason
 * @property {number} savedTokens by `x-semcache-saved-tokens`
 * @property {number} call the number of the provider call whose answer it was given
 * @property {string} text what the answer said
 *
 * @typedef {object} PlayedDay
 * @property {readonly PlayedRequest[]} requests
 * @property {readonly import("./day-provider.mjs").ProviderCall[]} calls
 * @property {object} stats of the admin API, at the end of the day
 * @property {object} history
 * @property {object} shadow
 * @property {string} metrics
 * @property {readonly object[]} log JSON lines
 * @property {number} seconds
 */

/**
 * @param {readonly import("./record-day.mjs").RecordedRequest[]} day
 * @param {{ find: (system: string, prompt: string) => object | null }} book
 * @param {{ mode: "semantic" | "shadow", onDone?: () => void }} options
 * @returns {Promise<PlayedDay>}
 */
export async function playDay(day, book, { mode, onDone = () => undefined }) {
  const provider = await startDayProvider(book);
  const log = [];
  const logStream = new Writable({
    write(chunk, _encoding, done) {
      for (const line of chunk.toString("utf8").split("\n")) if (line.startsWith("{")) log.push(JSON.parse(line));
      done();
    },
  });
  let nowMs = Date.parse(day[0].timestamp);
  const { config } = loadConfig({ env: {}, workingFolder: import.meta.dirname, overrides: toSettings(provider, mode) });
  const app = await createApp(config, { logStream, clock: { now: () => nowMs } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const { port } = await app.listen();
    await app.ready();
    const from = performance.now();
    const requests = [];
    for (const line of day) {
      nowMs = Date.parse(line.timestamp);
      requests.push(await ask(agent, port, line));
      onDone();
    }
    const seconds = (performance.now() - from) / 1000;
    const read = async (path) => (await send(agent, port, { method: "GET", path })).body.toString("utf8");
    const admin = async (path) => JSON.parse(await read(`/semcache/v1/admin/${path}`));
    const shadow = await readCompared(() => admin("shadow"));
    const [stats, history, metrics] = [await admin("stats"), await admin("history?range=24h"), await read("/metrics")];
    return { requests, calls: provider.calls, stats, history, shadow, metrics, log, seconds };
  } finally {
    agent.destroy();
    await app.close();
    await provider.close();
  }
}

function toSettings({ url }, mode) {
  return {
    server: { host: "127.0.0.1", port: 0, shutdown_grace: "1s" },
    upstream: {
      providers: { openai: { base_url: url }, anthropic: { base_url: url } },
      allow: [url],
      allow_public: false,
    },
    cache: { mode, tenant_secret: "a recorded day's own secret" },
    // Verdicts must not depend on how busy the machine is. Audits of served hits are chosen by chance, and raise bars: none
    // here, so that a day goes as it went before. In shadow mode a rate above 0 lets the provider be asked a second time.
    matching: { timeout: "60s", max_queue: 10_000, ...(mode === "semantic" && { audit_rate: 0 }) },
    store: { path: null },
    telemetry: { log_level: "debug" },
  };
}

/** Comparisons go on behind the last answer: asks until all have ended. */
async function readCompared(read) {
  for (;;) {
    const report = await read();
    const { hits, right, wrong, suspect, unsure, failed, skipped } = report.shadow.all;
    if (hits === right + wrong + suspect + unsure + failed + skipped) return report;
  }
}

async function ask(agent, port, { tenant, path, request }) {
  const isAnthropic = path === "/v1/messages";
  const credential = isAnthropic
    ? { "x-api-key": tenant, "anthropic-version": "2023-06-01" }
    : { authorization: `Bearer ${tenant}` };
  const { status, headers, body } = await send(
    agent,
    port,
    { method: "POST", path, headers: { "content-type": "application/json", ...credential } },
    JSON.stringify(request),
  );
  const answer = body.toString("utf8");
  if (status !== 200) throw new Error(`Cannot go on with the day: the answer is ${status}: ${answer}`);
  const { id, text } = (isAnthropic ? readMessage : readChat)(answer, request.stream === true);
  return {
    request: headers["x-semcache-request"],
    status: headers["x-cache-status"],
    match: headers["x-semcache-match"] ?? null,
    reason: headers["x-semcache-reason"] ?? null,
    savedTokens: Number(headers["x-semcache-saved-tokens"] ?? 0),
    call: callNumberOf(id),
    text,
  };
}

function readChat(answer, stream) {
  if (!stream) {
    const { id, choices } = JSON.parse(answer);
    return { id, text: choices[0].message.content };
  }
  const chunks = readEvents(answer);
  return { id: chunks[0].id, text: chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("") };
}

function readMessage(answer, stream) {
  if (!stream) {
    const { id, content } = JSON.parse(answer);
    return { id, text: content.map(({ text }) => text).join("") };
  }
  const events = readEvents(answer);
  return { id: events[0].message.id, text: events.map(({ delta }) => delta?.text ?? "").join("") };
}

function readEvents(answer) {
  const lines = answer.split("\n").filter((line) => line.startsWith("data: {"));
  return lines.map((line) => JSON.parse(line.slice("data: ".length)));
}

async function send(agent, port, options, body = "") {
  const call = httpRequest({ host: "127.0.0.1", port, agent, ...options });
  call.end(body);
  const [response] = await once(call, "response");
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}
