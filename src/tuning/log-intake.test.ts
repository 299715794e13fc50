import { expect, it } from "vitest";
import type { LoggedRequest } from "./logged-request.ts";
import { takeLog } from "./log-intake.ts";
import { readLog, type NumberedLine } from "./read-log.ts";
import type { ReplayRequest, Understood } from "./replay-request.ts";

const understand = ({ timeMs, asked }: LoggedRequest, line: number): Understood =>
  asked.kind === "body" && asked.text.includes("stateful")
    ? { kind: "bypass", reason: "stateful" }
    : { kind: "request", request: { line, timeMs } as ReplayRequest };

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const lines = (text: string, format: "json-lines" | "csv" = "json-lines"): AsyncIterable<NumberedLine> =>
  readLog(format, chunks(text), { promptName: null, labelName: null });

const rows = (count: number) => Array.from({ length: count }, (_, index) => `{"prompt":"Prompt ${index}"}\n`).join("");

async function take(text: string, changes: { limit?: number; sample?: number } = {}) {
  return takeLog(lines(text), { understand, limit: 1000, sample: 1, ...changes });
}

it("counts what cannot be replayed, and names the first unreadable lines", async () => {
  const { requests, summary } = await take(
    `${rows(1)}{"prompt":"stateful"}\n${"oops\n".repeat(12)}{"level":"info","msg":"x"}\n`,
  );
  expect(requests.map(({ line }) => line)).toEqual([1]);
  expect(summary).toMatchObject({
    kinds: { row: 2 },
    bypassed: { stateful: 1 },
    unreadable: 12,
    isCut: false,
    isTimed: false,
  });
  expect(summary.faults).toHaveLength(10);
  expect(summary.faults[0]).toEqual({ line: 3, why: "it is not a JSON object" });
  expect(summary.skipped).toEqual({ "it is a line of a log, and tells of no request": 1 });
});

it("reads no further than the limit", async () => {
  async function* endless(): AsyncGenerator<NumberedLine> {
    for (;;) yield* lines(rows(10));
  }
  const { requests, summary } = await takeLog(endless(), { understand, limit: 25, sample: 1 });
  expect([requests.length, summary.isCut]).toEqual([25, true]);
  expect((await take(rows(25), { limit: 25 })).summary.isCut).toBe(false);
});

it("takes about the share that is wanted, the same each time", async () => {
  const sampled = await take(rows(2000), { sample: 0.25, limit: 5000 });
  expect(sampled.requests.length).toBeGreaterThan(420);
  expect(sampled.requests.length).toBeLessThan(580);
  expect((await take(rows(2000), { sample: 0.25, limit: 5000 })).requests).toEqual(sampled.requests);
});

it("follows the times where all requests have one, and the log where not", async () => {
  const at = (time: string) => `{"prompt":"x","time":${time}}\n`;
  const timed = await take(at("3000000") + at("1000000") + at("2000000"));
  expect(timed.requests.map(({ line }) => line)).toEqual([2, 3, 1]);
  const untimed = await take(`${at("3000000")}{"prompt":"x"}\n${at("2000000")}`);
  expect(untimed.requests.map(({ line }) => line)).toEqual([1, 2, 3]);
});

it("stops at an interrupt", async () => {
  const stop = AbortSignal.abort();
  expect((await takeLog(lines(rows(9)), { understand, limit: 9, sample: 1 }, stop)).requests).toEqual([]);
});

it("reads a table by the names of its columns, quotes and line breaks included", async () => {
  const found: NumberedLine[] = [];
  const table = 'Prompt,Answer ID,Prompt Tokens,Completion Tokens\n"Why, then?\nTell me",7,1,2\nshort\nHow?,,,\n';
  for await (const line of lines(table, "csv")) found.push(line);
  expect(found).toMatchObject([
    { kind: "requests", requests: [{ kind: "row", label: { keys: ["7"] }, tokens: { total: 3 } }] },
    { kind: "unreadable", why: "it has 1 fields, the first line 4" },
    { kind: "requests", requests: [{ label: { kind: "none" }, tokens: null }] },
  ]);
});
