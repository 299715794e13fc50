// The longest delay of the server's event loop under load, by the size of the request's body.
// Method: 16 connections with one request in flight each; hits (one request again and again), misses (a frame of its
// own for each request) and misses with a streamed answer that is recorded. `monitorEventLoopDelay` in the server's
// process looks at the clock each millisecond; that millisecond is subtracted. On a busy machine the largest value is
// often the scheduler's, not ours: a server that only parses the same requests is measured in turn with the same load,
// and its delay is told beside.
import { Child } from "../support/child.mjs";
import { load } from "../support/load.mjs";
import { chatAnswer, chatBody, toHttpRequest } from "../support/requests.mjs";
import { summarizeRange } from "../support/statistics.mjs";

const PART = "event-loop";
const CONNECTIONS = 16;
const ROUNDS = 3;
/** Up to here the target holds; larger bodies are told by size. */
const JUDGED_KIBIBYTES = 64;

/** @param {import("../support/effort.mjs").Effort} effort @returns {Promise<import("../support/table.mjs").Figure[]>} */
export async function measureEventLoop({ loadRequests, kibibytes, nodeOptions = [] }) {
  const provider = await Child.start("provider-server.mjs", {});
  const semcache = await Child.start("semcache-server.mjs", { providerPort: provider.port }, nodeOptions);
  const answer = { status: 200, headers: [], body: Buffer.from(chatAnswer("Yes.")).toString("base64") };
  const bare = await Child.start("bare-server.mjs", { answers: { json: answer, stream: answer } });
  const figures = [];
  try {
    for (const size of kibibytes) {
      // The same number of bytes for each size past the first few, so that a round of large bodies ends too.
      const count = Math.max(CONNECTIONS, Math.min(loadRequests, Math.round((loadRequests * JUDGED_KIBIBYTES) / size)));
      for (const kind of ["hits", "misses", "recorded streams"]) {
        figures.push(...(await measureSize({ semcache, bare, size, kind, count: Math.ceil(count / ROUNDS) })));
      }
    }
  } finally {
    await semcache.stop();
    await bare.stop();
    await provider.stop();
  }
  return figures;
}

async function measureSize({ semcache, bare, size, kind, count }) {
  const delays = { semcache: [], bare: [] };
  for (let round = -1; round < ROUNDS; round++) {
    // Bodies are made before the load begins: a client that is busy with them would not load the server.
    const requests = toRequests(kind, size, count, round);
    for (const [name, server] of Object.entries({ semcache, bare })) {
      await server.ask("reset");
      const next = (number) => requests[number % requests.length];
      await load(server.port, { connections: CONNECTIONS, count, next });
      const { delayMaxMs } = await server.ask("usage");
      if (round >= 0) delays[name].push(delayMaxMs);
    }
  }
  const judged = size <= JUDGED_KIBIBYTES;
  return [
    {
      part: PART,
      name: `longest delay, ${kind}, ${size} KiB`,
      unit: "ms",
      ...summarizeRange(delays.semcache),
      target: judged ? { atMost: 10 } : null,
    },
    {
      part: PART,
      name: `  the same load on the bare server`,
      unit: "ms",
      ...summarizeRange(delays.bare),
      target: null,
    },
  ];
}

function toRequests(kind, size, count, round) {
  const stream = kind === "recorded streams";
  const toRequest = (salt) =>
    toHttpRequest(chatBody({ bytes: size * 1024, prompt: "When is the museum open?", salt, stream }));
  if (kind === "hits") return [toRequest("")];
  return Array.from({ length: count }, (_, number) => toRequest(`${kind} ${size} ${round} ${number}. `));
}
