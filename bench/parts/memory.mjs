// Memory of the server while requests go through a full cache (500 entries).
// Method: of ten requests six are exact hits, two are misses that are stored without a vector, one is a miss with a
// streamed answer that is recorded, and one is a miss whose prompt is embedded; each miss evicts an entry. Heap (after
// a collection) and resident memory are read twenty times. The first half, in which caches, pools and compiled code
// grow, is not counted; the figures are the growth from the middle to the end, as a ratio, and the slope of the second
// half. `--effort long` sends 100,000 requests.
import { Child } from "../support/child.mjs";
import { load } from "../support/load.mjs";
import { chatBody, toHttpRequest } from "../support/requests.mjs";
import { median, slope } from "../support/statistics.mjs";

const PART = "memory";
const ENTRIES = 500;
const READINGS = 20;

/** @param {import("../support/effort.mjs").Effort} effort @returns {Promise<import("../support/table.mjs").Figure[]>} */
export async function measureMemory({ memoryRequests, nodeOptions = [] }) {
  const provider = await Child.start("provider-server.mjs", { pieces: 20 });
  const settings = { cache: { eviction_policy: { policy_type: "entry_limit", value: ENTRIES } } };
  const semcache = await Child.start("semcache-server.mjs", { providerPort: provider.port, settings }, [
    "--expose-gc",
    ...nodeOptions,
  ]);
  const readings = [];
  try {
    // Fills the cache.
    await load(semcache.port, { connections: 8, count: ENTRIES, next: (number) => toRequest(7, `full ${number}`) });
    const perReading = Math.ceil(memoryRequests / READINGS);
    for (let reading = 0; reading < READINGS; reading++) {
      const first = reading * perReading;
      const next = (number) => toRequest((first + number) % 10, `number ${first + number}`);
      await load(semcache.port, { connections: 8, count: perReading, next });
      readings.push({ requests: first + perReading, ...(await semcache.ask("memory")) });
    }
  } finally {
    await semcache.stop();
    await provider.stop();
  }
  return [...toFigures("resident", "rss", readings, 1.1), ...toFigures("heap", "heapUsed", readings, 1.1)];
}

function toRequest(kind, name) {
  const prompt = "When is the museum open?";
  if (kind < 6) return toHttpRequest(chatBody({ bytes: 1024, prompt }));
  const body = chatBody({ bytes: 1024, prompt, salt: `${name}. `, stream: kind === 8 });
  return toHttpRequest(body, kind === 9 ? [] : ["x-semcache-mode", "exact"]);
}

function toFigures(name, field, readings, atMost) {
  const half = readings.slice(READINGS / 2);
  const values = half.map((reading) => reading[field]);
  // A quarter of the readings at each end: one reading may have come before a collection.
  const [middle, end] = [values.slice(0, READINGS / 4), values.slice(-READINGS / 4)].map(median);
  const kibibytes = values.map((value) => value / 1024);
  const perThousand = slope(half.map((reading) => ({ x: reading.requests / 1000, y: reading[field] / 1024 })));
  return [
    {
      part: PART,
      name: `${name}, end to middle of ${readings.at(-1).requests} requests`,
      unit: "",
      count: values.length,
      median: end / middle,
      low: Math.min(...values) / middle,
      high: Math.max(...values) / middle,
      target: { atMost },
    },
    {
      part: PART,
      name: `${name}, growth per 1,000 requests`,
      unit: "KiB",
      count: values.length,
      median: perThousand,
      low: perThousand,
      high: perThousand,
      target: null,
    },
    {
      part: PART,
      name: `${name} memory`,
      unit: "KiB",
      count: values.length,
      median: median(kibibytes),
      low: Math.min(...kibibytes),
      high: Math.max(...kibibytes),
      target: null,
    },
  ];
}
