// How long a streamed chunk takes from the provider's write to the client, direct and through Semcache, and whether it
// is forwarded in the same turn of the event loop.
// Method: the provider writes an event every 4 ms with the machine's monotonic time in it; the client subtracts it from
// its own when the bytes arrive. Direct and proxied streams alternate; the figure is the difference of the medians of a
// pair of streams. The turns are counted by a probe in Semcache's process (support/turn-watch.mjs) that notes in which
// turn a piece of the provider's answer came, and in which one it was handed to the kernel for the client; the streams
// that it watches are not the ones whose time is measured.
import { Connection } from "../support/connection.mjs";
import { Child } from "../support/child.mjs";
import { chatBody, toHttpRequest } from "../support/requests.mjs";
import { median, summarize, summarizeRange } from "../support/statistics.mjs";

const PART = "stream-chunks";
const PACE_MS = 4;

/** @param {import("../support/effort.mjs").Effort} effort @returns {Promise<import("../support/table.mjs").Figure[]>} */
export async function measureStreamChunks({ pairs, samples, nodeOptions = [] }) {
  const provider = await Child.start("provider-server.mjs", { paceMs: PACE_MS, pieces: samples });
  try {
    const delays = await measureDelays(provider, pairs, nodeOptions);
    const turns = await countTurns(provider);
    return [
      {
        part: PART,
        name: "delay that Semcache adds",
        unit: "ms",
        ...summarizeRange(delays.map(({ direct, proxied }) => median(proxied) - median(direct))),
        target: { atMost: 1 },
      },
      toDelayFigure(
        "direct",
        delays.flatMap(({ direct }) => direct),
      ),
      toDelayFigure(
        "through Semcache",
        delays.flatMap(({ proxied }) => proxied),
      ),
      {
        part: PART,
        name: "turns until forwarded, most",
        unit: "",
        ...summarizeRange([Math.max(...turns)]),
        count: turns.length,
        target: { atMost: 0 },
      },
    ];
  } finally {
    await provider.stop();
  }
}

async function measureDelays(provider, pairs, nodeOptions) {
  const semcache = await Child.start("semcache-server.mjs", { providerPort: provider.port }, nodeOptions);
  const direct = await Connection.open(provider.port);
  const through = await Connection.open(semcache.port);
  const delays = [];
  try {
    for (let pair = -1; pair < pairs; pair++) {
      const sample = { direct: await streamDelays(direct, pair), proxied: await streamDelays(through, pair) };
      if (pair >= 0) delays.push(sample);
    }
  } finally {
    direct.close();
    through.close();
    await semcache.stop();
  }
  return delays;
}

async function countTurns(provider) {
  const semcache = await Child.start("semcache-server.mjs", { providerPort: provider.port, watchTurns: true });
  const connection = await Connection.open(semcache.port);
  try {
    await streamDelays(connection, "watched");
    const { passed, left } = await semcache.ask("turns");
    if (left > 0 || passed.length === 0)
      throw new Error(`Cannot count turns: ${left} of ${passed.length} pieces stayed`);
    return passed;
  } finally {
    connection.close();
    await semcache.stop();
  }
}

/** Milliseconds for each event of one stream. The namespace keeps streams from being hits. */
async function streamDelays(connection, name) {
  const delays = [];
  const body = chatBody({ bytes: 1024, prompt: "Tell me about the museum", salt: `Stream ${name}. `, stream: true });
  await connection.send(toHttpRequest(body), {
    onData: (chunk) => {
      const now = process.hrtime.bigint();
      for (const [, at] of chunk.latin1Slice().matchAll(/" at(\d+)"/g)) delays.push(Number(now - BigInt(at)) / 1e6);
    },
  });
  return delays;
}

function toDelayFigure(name, values) {
  return { part: PART, name: `write to receipt, ${name}`, unit: "ms", ...summarize(values), target: null };
}
