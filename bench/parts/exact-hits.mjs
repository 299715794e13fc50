// Exact hits per second against a bare node:http server (support/bare-server.mjs) that reads and JSON-parses the same
// request and returns the same bytes with the same headers.
// Method: both servers in processes of their own, one load generator, 16 keep-alive connections with one request in
// flight each; rounds alternate (A B, B A, ...), a pair of rounds gives one ratio. Semcache logs each request to a pipe
// that is read, as in production. Beside requests per second the CPU time of the server's process (all threads) for
// each request is compared: it hardly changes with what else the machine does.
import { answerHeader, Connection, parseAnswer } from "../support/connection.mjs";
import { Child } from "../support/child.mjs";
import { load } from "../support/load.mjs";
import { chatBody, toHttpRequest } from "../support/requests.mjs";
import { summarizeRange } from "../support/statistics.mjs";

const PART = "exact-hits";
const CONNECTIONS = 16;
const KIBIBYTES = [1, 16];

/** @param {import("../support/effort.mjs").Effort} effort @returns {Promise<import("../support/table.mjs").Figure[]>} */
export async function measureExactHits({ pairs, requests, nodeOptions = [] }) {
  const provider = await Child.start("provider-server.mjs", {});
  const semcache = await Child.start("semcache-server.mjs", { providerPort: provider.port }, nodeOptions);
  const figures = [];
  try {
    for (const kibibytes of KIBIBYTES) {
      for (const form of ["json", "stream"]) {
        const body = chatBody({
          bytes: kibibytes * 1024,
          prompt: "When is the museum open?",
          stream: form === "stream",
        });
        const request = toHttpRequest(body);
        const bare = await Child.start("bare-server.mjs", {
          answers: { [form]: await learnHit(semcache.port, request) },
        });
        try {
          const samples = await compare(semcache, bare, request, { pairs, requests });
          figures.push(...toFigures(`${form}, ${kibibytes} KiB`, samples));
        } finally {
          await bare.stop();
        }
      }
    }
  } finally {
    await semcache.stop();
    await provider.stop();
  }
  return figures;
}

/** The first request is the miss that fills the cache; the second one's answer is what the bare server will repeat. */
async function learnHit(port, request) {
  const connection = await Connection.open(port);
  await connection.send(request);
  const answer = await connection.send(request);
  connection.close();
  if (answerHeader(answer, "x-semcache-match") !== "exact") throw new Error("Cannot measure hits: the request is none");
  const { status, headers, body } = parseAnswer(answer);
  const added = new Set(["date", "connection", "keep-alive"]);
  const own = headers.filter((_, index) => !added.has(headers[index - (index % 2)].toLowerCase()));
  return { status, headers: own, body: body.toString("base64") };
}

async function compare(semcache, bare, request, { pairs, requests }) {
  const round = async (server) => {
    await server.ask("reset");
    const seconds = await load(server.port, { connections: CONNECTIONS, count: requests, next: () => request });
    const { cpuMs } = await server.ask("usage");
    return { perSecond: requests / seconds, cpuUs: (cpuMs * 1000) / requests };
  };
  // Both are compiled and their heaps grown before anything counts.
  await round(semcache);
  await round(bare);
  const samples = [];
  for (let pair = 0; pair < pairs; pair++) {
    const first = await round(pair % 2 === 0 ? semcache : bare);
    const second = await round(pair % 2 === 0 ? bare : semcache);
    samples.push(pair % 2 === 0 ? { semcache: first, bare: second } : { semcache: second, bare: first });
  }
  return samples;
}

function toFigures(name, samples) {
  const figure = (what, unit, values, target = null) => ({
    part: PART,
    name: `${name}: ${what}`,
    unit,
    ...summarizeRange(values),
    target,
  });
  return [
    figure(
      "hits/s, ratio to bare",
      "",
      samples.map(({ semcache, bare }) => semcache.perSecond / bare.perSecond),
      { atLeast: 0.6 },
    ),
    figure(
      "CPU time of bare to ours",
      "",
      samples.map(({ semcache, bare }) => bare.cpuUs / semcache.cpuUs),
      { atLeast: 0.6 },
    ),
    figure(
      "Semcache",
      "hits/s",
      samples.map(({ semcache }) => semcache.perSecond),
    ),
    figure(
      "bare",
      "answers/s",
      samples.map(({ bare }) => bare.perSecond),
    ),
    figure(
      "Semcache",
      "us CPU",
      samples.map(({ semcache }) => semcache.cpuUs),
    ),
    figure(
      "bare",
      "us CPU",
      samples.map(({ bare }) => bare.cpuUs),
    ),
  ];
}
