import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

// Runs the benchmarks with tiny counts: that they run and what they print is tested, never how fast anything is.
const main = join(import.meta.dirname, "../../bench/main.mjs");
const run = promisify(execFile);

interface Figure {
  readonly part: string;
  readonly name: string;
  readonly unit: string;
  readonly count: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly target: { readonly atLeast?: number; readonly atMost?: number } | null;
  readonly met: boolean | null;
  readonly p99?: { readonly median: number; readonly low: number; readonly high: number };
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "semcache-bench-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["exact-hits", ["json, 1 KiB: hits/s, ratio to bare", "stream, 16 KiB: hits/s, ratio to bare"]],
  ["first-byte", ["empty partition: added beyond the models", "partition with candidates: added beyond the models"]],
  ["stream-chunks", ["delay that Semcache adds", "turns until forwarded, most"]],
  ["semantic-hit", ["client's time beyond the models", "server's time beyond the models"]],
  ["event-loop", ["longest delay, hits, 1 KiB", "longest delay, recorded streams, 1 KiB"]],
  ["lookup-steps", ["embedder, a prompt of 20 tokens", "verifier, two prompts of 20 tokens", "model files"]],
  ["memory", ["heap, end to middle of 200 requests", "resident, end to middle of 200 requests"]],
  ["dashboard-page", ["weight, all files"]],
  ["store", ["120 entries: recall@1, store", "120 entries: restart after kill -9: first nearest 8 answered"]],
])(
  "%s runs and gives its figures",
  async (part, judged) => {
    const file = join(folder, `${part}.json`);
    const { stdout } = await run(process.execPath, [main, part, "--effort", "smoke", "--json", file]);
    const { figures, machine } = JSON.parse(await readFile(file, "utf8")) as { figures: Figure[]; machine: object };
    expect(machine).toMatchObject({ node: process.version });
    expect(figures.filter(({ target }) => target !== null).map(({ name }) => name)).toEqual(
      expect.arrayContaining(judged),
    );
    for (const figure of figures) {
      expect(figure.part).toBe(part);
      expect(figure.count, figure.name).toBeGreaterThan(0);
      expect([figure.median, figure.low, figure.high].every(Number.isFinite), figure.name).toBe(true);
      expect(figure.low, figure.name).toBeLessThanOrEqual(figure.median);
      expect(figure.high, figure.name).toBeGreaterThanOrEqual(figure.median);
      expect(figure.met === null, figure.name).toBe(figure.target === null);
      expect(stdout).toContain(figure.name);
    }
    if (part === "lookup-steps") expectEveryStep(figures);
  },
  120_000,
);

test("the benchmark of the store prints its figures by size", async () => {
  const script = join(import.meta.dirname, "../../bench/store/main.mjs");
  const file = join(folder, "store-table.json");
  const args = [script, "one", "many", "--effort", "smoke", "--sizes", "40", "--partitions", "3", "--json", file];
  const { stdout } = await run(process.execPath, args);
  expect(stdout).toMatch(/^figure +unit +30 +40 +target$/m);
  expect(stdout).toMatch(/^recall@8, store +1\.000 +>= 0\.95$/m);
  const { figures } = JSON.parse(await readFile(file, "utf8")) as { figures: readonly (Figure & { size: number })[] };
  expect(figures.find(({ name }) => name === "share found as soon as put")?.median).toBe(1);
  expect(new Set(figures.map(({ size }) => size))).toEqual(new Set([30, 40]));
  await expect(run(process.execPath, [script, "--sizes", "10 k"])).rejects.toMatchObject({ code: 2 });
}, 120_000);

/** Half and worst, of each step of a lookup, by length of the prompt and by load. */
function expectEveryStep(figures: readonly Figure[]): void {
  const p99s = new Map(figures.map(({ name, p99 }) => [name, p99?.median]));
  for (const tokens of [8, 20, 60, 120])
    for (const load of [1, 4, 16])
      for (const step of ["embed", "search", "guard", "whole"])
        expect(p99s.get(`${tokens} tokens, ${load} at once: ${step}`)).toBeGreaterThan(0);
  expect([...p99s.keys()].some((name) => name.endsWith(": verify"))).toBe(true);
}

test("a part that does not exist is refused with those that do", async () => {
  await expect(run(process.execPath, [main, "exact-hit"])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/Cannot measure "exact-hit": the parts are exact-hits, first-byte/) as string,
  });
});
