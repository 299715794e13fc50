// One partition of the embedded store that grows from size to size.
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Child, findCore } from "./child.mjs";
import { judge, toFigure, toLatencyFigures } from "./figures.mjs";
import { recallAt } from "./nearest.mjs";

/** Puts that are begun in a second while lookups go on, as long as no more than so many are under way. */
const PER_SECOND = 2_500;
const MOST_IN_FLIGHT = 256;
const FILL_IN_FLIGHT = 256;
/** Entries that are inserted before a kill, at most; none of them is in the exact scan, so they leave again. */
const MOST_KILLED = 2_000;
const KILLED = "killed";
const NOT_PINNED = "Not measured on one core: that takes Linux and taskset (util-linux)";
/** Numbers of entries that no size reaches. */
const BEYOND = 50_000_000;

/** @returns {Promise<import("./figures.mjs").SizedFigure[]>} */
export async function measureOne(options) {
  const figures = [];
  let stored = 0;
  for (const size of options.sizes) {
    figures.push(...(await fillAndMeasure({ ...options, size, stored })));
    figures.push(...(await measureOnOneCore({ ...options, size })));
    figures.push(...(await measureRestart({ ...options, size })));
    stored = size;
  }
  return figures;
}

async function fillAndMeasure(options) {
  const { size, stored, folder, sentences, truth, queries, rounds, exactLookups, tell } = options;
  const pace = { perSecond: PER_SECOND, mostInFlight: MOST_IN_FLIGHT };
  const inserts = Math.min(options.inserts, Math.floor((size - stored) / 2));
  const child = new Child("store-process.mjs");
  try {
    await child.ask("open", { folder, sentences });
    tell(`store: ${stored} to ${size} entries`);
    // An index that is there takes part in every insert.
    await child.ask("fill", { from: stored, to: stored + 1, inFlight: 1 });
    await child.ask("first");
    const filled = await child.ask("fill", { from: stored + 1, to: size - inserts, inFlight: FILL_IN_FLIGHT });
    const behind = await child.ask("quiet");
    tell(`store: ${inserts} inserts with lookups going on`);
    const { inserted, idle } = await besideIdle(() => child.ask("insert", { from: size - inserts, to: size, ...pace }));
    await child.ask("quiet");
    tell("store: lookups");
    const nearest = await child.ask("nearest", { queries, rounds });
    const exact = await child.ask("exact", { size, lookups: exactLookups, rounds });
    const closed = await child.ask("close");
    const perSecond = (size - inserts - stored - 1) / filled.seconds;
    const known = truth.get(size);
    return [
      ...toNearestFigures("nearest 8, store", size, nearest),
      toFigure("recall@1, store", size, "", recallAt(known, nearest.found, 1), { atLeast: 0.99 }),
      toFigure("recall@8, store", size, "", recallAt(known, nearest.found, 8), { atLeast: 0.95 }),
      ...toLatencyFigures("nearest 8, store, inserts going on", size, "ms", [inserted.nearestMs]),
      ...toLatencyFigures("exact lookup", size, "µs", exact.byRound, { p50: { atMost: 20 } }),
      ...toLatencyFigures("exact lookup, inserts going on", size, "µs", [inserted.exactUs]),
      toFigure("inserts alone, making the entries included", size, "/s", perSecond),
      toFigure("until the cells had the rest", size, "s", behind.seconds),
      toFigure("inserts, lookups going on", size, "/s", inserted.perSecond, judge(size, { atLeast: 2_000 }, 10_000)),
      toFigure("share found as soon as put", size, "", 1 - inserted.missed / Math.max(1, inserted.checked), {
        atLeast: 1,
      }),
      toFigure("event loop held, longest", size, "ms", inserted.longestOwnMs, { atMost: 10 }),
      toFigure("the same with waiting for a CPU, or being woken late", size, "ms", inserted.longestMs),
      toFigure("an idle process was late meanwhile, longest", size, "ms", idle.longestLateMs),
      toFigure("pages read from the disk meanwhile", size, "", inserted.diskReads),
      toFigure("clean close", size, "s", closed.ms / 1000),
    ];
  } finally {
    await child.stop();
  }
}

/** Says of the same time how late a process was that does nothing. */
async function besideIdle(measure) {
  const idle = new Child("idle-process.mjs");
  try {
    await idle.ask("begin");
    const inserted = await measure();
    return { inserted, idle: await idle.ask("end") };
  } finally {
    await idle.stop();
  }
}

/** All threads of the store share one core: what an answer costs, without the way to a core that is asleep. */
async function measureOnOneCore({ size, folder, sentences, queries, rounds, notes, tell }) {
  if (findCore() === null) {
    if (!notes.includes(NOT_PINNED)) notes.push(NOT_PINNED);
    return [];
  }
  tell("store: lookups on one core");
  const child = new Child("store-process.mjs", { onOneCore: true });
  try {
    await child.ask("open", { folder, sentences });
    await child.ask("first");
    await child.ask("quiet");
    const nearest = await child.ask("nearest", { queries, rounds });
    await child.ask("close");
    return toNearestFigures("nearest 8, store at rest, on one core", size, nearest);
  } finally {
    await child.stop();
  }
}

function toNearestFigures(name, size, { byRound, diskReads }) {
  return [
    ...toLatencyFigures(name, size, "ms", byRound, { p50: { atMost: 1 }, p99: { atMost: 4 } }),
    toFigure(`${name}: pages read from the disk`, size, "", diskReads),
  ];
}

/** After a clean end, and after a kill while entries were inserted. */
async function measureRestart({ size, folder, sentences, queries, rounds, tell }) {
  const child = new Child("store-process.mjs");
  const figures = [];
  tell("store: restart");
  try {
    const opened = await child.ask("open", { folder, sentences });
    if (opened.entries !== size) throw new Error(`Cannot go on: ${opened.entries} of ${size} entries after a restart`);
    const first = await child.ask("first");
    figures.push(...toRestartFigures("restart", size, opened, first));
    await child.ask("quiet");
    const nearest = await child.ask("nearest", { queries, rounds });
    figures.push(...toNearestFigures("nearest 8, store at rest after a restart", size, nearest));
    const memory = await child.ask("memory");
    if (opened.privateBytes !== null) {
      const perEntry = (memory.privateBytes - opened.privateBytes) / size / 1000;
      figures.push(toFigure("private memory per entry", size, "kB", perEntry, judge(size, { atMost: 1.2 })));
    }
    figures.push(toFigure("disk per entry", size, "kB", diskBytes(folder) / size / 1000));
    const extra = Math.min(MOST_KILLED, Math.ceil(size / 10));
    await child.ask("fill", { from: BEYOND, to: BEYOND + extra, inFlight: FILL_IN_FLIGHT, tags: [KILLED] });
    // More are under way when it is killed; its end is what this waits for.
    child
      .ask("fill", { from: BEYOND + extra, to: BEYOND * 2, inFlight: FILL_IN_FLIGHT, tags: [KILLED] })
      .catch(() => {});
  } finally {
    await child.kill();
  }
  const again = new Child("store-process.mjs");
  try {
    const opened = await again.ask("open", { folder, sentences });
    figures.push(...toRestartFigures("restart after kill -9", size, opened, await again.ask("first")));
    await again.ask("deleteTagged", { tag: KILLED });
    await again.ask("close");
  } finally {
    await again.stop();
  }
  return figures;
}

function toRestartFigures(name, size, opened, first) {
  return [
    toFigure(`${name}: loaded`, size, "s", opened.ms / 1000),
    toFigure(`${name}: first nearest 8 answered`, size, "s", (opened.ms + first.ms) / 1000, { atMost: 10 }),
  ];
}

/** What the files take on the disk; room that was made for what comes is part of it. */
export function diskBytes(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => lstatSync(join(folder, name)))
    .reduce((bytes, stat) => bytes + (stat.isFile() ? stat.blocks * 512 : 0), 0);
}
