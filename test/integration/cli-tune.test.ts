import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TuneReport } from "#semcache/tuning/tune-report.js";
import { ask, chat } from "../support/ask.ts";
import { run, type CommandOptions } from "../support/command.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/tuning/${name}`, import.meta.url));

interface Exchange {
  readonly request: { readonly messages: readonly { readonly content: string }[] };
  readonly response: { readonly usage: { readonly total_tokens: number } };
  readonly answer_id: string;
}
const exchanges = readFileSync(fixture("support-desk.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line): Exchange => JSON.parse(line));

async function tune(args: readonly string[], options?: CommandOptions): Promise<TuneReport> {
  const { code, stdout, stderr } = await run(["tune", ...args, "--json"], options);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

const pointAt = ({ curve }: TuneReport, rate: number) => {
  const point = curve.find(({ maxErrorRate }) => maxErrorRate === rate);
  if (point === undefined) throw new Error(`Cannot find the rate ${rate} in the curve`);
  return point;
};

describe("a labelled log with near-misses", () => {
  let provider: ImitationProvider;
  let semcache: RunningSemcache;
  let report: TuneReport;
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "semcache-tune-"));
    provider = await startImitationProvider();
    semcache = await startSemcache(provider.url);
    report = await tune([fixture("support-desk.jsonl"), "--pairs", "1000", "--html", join(folder, "report.html")]);
  }, 120_000);
  afterAll(async () => {
    await semcache?.close();
    await provider?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("is hit as a running server hits", async () => {
    const outcomes: string[] = [];
    for (const { request } of exchanges) outcomes.push((await ask(semcache.port, { body: request })).outcome);
    const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
    const { exactHits, semanticHits } = pointAt(report, 0.01);
    expect([exactHits, semanticHits]).toEqual([count("hit/exact"), count("hit/semantic")]);
    expect(semanticHits).toBeGreaterThan(5);
    // The reasons of misses are a server's too, but for the first request of a frame.
    const misses = report.details[report.curve.indexOf(pointAt(report, 0.01))]?.misses ?? {};
    const guarded = Object.entries(misses).filter(([reason]) => reason.startsWith("guard-"));
    expect(guarded.length).toBeGreaterThan(2);
    for (const [reason, requests] of guarded) expect([reason, count(`miss/${reason}`)]).toEqual([reason, requests]);
    expect(misses["volatile"]).toBe(count("miss/volatile"));
  }, 120_000);

  it("is counted by its labels, its confidences and its tokens", () => {
    const labelOf = (line: number) => exchanges[line - 1]?.answer_id;
    for (const [index, point] of report.curve.entries()) {
      const pairs = report.details[index]?.pairs ?? [];
      expect(pairs).toHaveLength(point.semanticHits);
      const wrong = pairs.filter(({ line, storedLine }) => labelOf(line) !== labelOf(storedLine));
      expect(point.measured).toMatchObject({ wrong: wrong.length, right: pairs.length - wrong.length, unknown: 0 });
      const doubt = pairs.reduce((sum, { confidence }) => sum + 1 - (confidence ?? 0), 0);
      expect(point.expectedWrong).toBeCloseTo(doubt, 9);
      for (const { confidence } of pairs) expect(confidence).toBeGreaterThanOrEqual(point.bar ?? 1);
      expect(pairs.map(({ confidence }) => confidence)).toEqual(
        pairs.map(({ confidence }) => confidence).toSorted((a, b) => Number(a) - Number(b)),
      );
      expect(point.hitRate).toBeCloseTo((point.exactHits + point.semanticHits) / exchanges.length, 12);
    }
    // Each near-miss of this log is a trap: a number, a direction, an opposite, another frame.
    expect(pointAt(report, 0.01).measured.wrong).toBe(0);

    const seen = new Set<string>();
    const repeated = exchanges.filter(({ request }) => {
      const key = JSON.stringify(request);
      return seen.has(key) || !seen.add(key);
    });
    const [exact] = report.curve;
    expect(exact).toMatchObject({ maxErrorRate: 0, bar: null, exactHits: repeated.length, semanticHits: 0 });
    const sum = (of: readonly Exchange[]) =>
      of.reduce((tokens, { response }) => tokens + response.usage.total_tokens, 0);
    expect(exact?.saved.tokens).toBe(sum(repeated));
    expect(report.traffic.spent).toMatchObject({
      requests: exchanges.length,
      counted: exchanges.length,
      tokens: sum(exchanges),
    });
    expect(report.traffic.spent.cost).toBeGreaterThan(0);
  });

  it("marks the shipped default and suggests what keeps the wanted rate", async () => {
    expect(report.curve.filter(({ isDefault }) => isDefault).map(({ maxErrorRate }) => maxErrorRate)).toEqual([0.01]);
    expect(report.suggestion).toMatchObject({ wantedRate: 0.05, because: "expected" });
    expect(report.suggestion.snippet).toBe("cache:\n  mode: semantic\nmatching:\n  max_error_rate: 0.01\n");
    const strict = await tune([fixture("support-desk.jsonl"), "--max-wrong", "0.001"]);
    expect(strict.suggestion).toMatchObject({
      index: 0,
      because: "no-setting-holds",
      snippet: "cache:\n  mode: exact\n",
    });
  }, 60_000);

  it("becomes a page that needs nothing else", async () => {
    const page = await readFile(join(folder, "report.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/);
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).toContain("prefers-color-scheme: dark");
    expect(page).not.toMatch(/<script|<link|<img|https?:|url\(|@import|NaN|undefined|Infinity/);
    for (const { maxErrorRate } of report.curve.slice(1)) expect(page).toContain(`<td>${maxErrorRate}</td>`);
    expect(page).toContain("<mark>Is it possible to</mark> send a bicycle?");
  });

  it("is told on the terminal, with prices of one's own", async () => {
    const args = ["tune", fixture("support-desk.jsonl"), "--price-input", "100", "--price-output", "1000"];
    const { code, stdout, stderr } = await run(args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("JSON lines, 43 requests with their answers\n");
    expect(stdout).toContain("Replayed 43 requests (38 distinct) in 2 frames; ");
    expect(stdout).toMatch(/^0\.01 +0\.92 .* <- shipped default, suggested$/m);
    expect(stdout).toMatch(/^exact only {2}█+ 11\.6%$/m);
    expect(stdout).toContain("‹Is it possible to› send a bicycle?  (right)\n");
    expect(stdout).toContain("matching:\n  max_error_rate: 0.01\n");
    const usage = exchanges.map(({ response }) => response.usage as unknown as Record<string, number>);
    const cost = usage.reduce(
      (sum, each) => sum + ((each["prompt_tokens"] ?? 0) * 100 + (each["completion_tokens"] ?? 0) * 1000) / 1e6,
      0,
    );
    expect(stdout).toContain(` of $${cost.toFixed(2)}\n`);
    expect(stdout).not.toContain("\u001B");
  }, 60_000);
});

describe("what is read", () => {
  it("is a table with columns of many names, in which frames and empty labels count", async () => {
    const report = await tune([fixture("prompts.csv")]);
    expect(report.log).toMatchObject({
      format: "csv",
      kinds: { row: 4 },
      unreadable: 1,
      faults: [{ line: 5, why: "it has 3 fields, the first line 6" }],
      isTimed: true,
    });
    expect(report.traffic).toMatchObject({ requests: 4, frames: 2, frameParts: [{ part: "model", kinds: 2 }] });
    expect(report.traffic.spent).toMatchObject({ counted: 4, tokens: 210, priced: 4 });
    // The same words to another model are another request.
    expect(pointAt(report, 0.01)).toMatchObject({ exactHits: 0, semanticHits: 1, measured: { right: 1, wrong: 0 } });
    expect(report.suggestion).toMatchObject({ because: "too-few-hits" });
  }, 60_000);

  it("is an Anthropic batch, in which a near-miss stays apart", async () => {
    const report = await tune([fixture("anthropic-batch.jsonl")]);
    expect(report.log.kinds).toEqual({ "anthropic-batch": 3 });
    expect(pointAt(report, 0.01)).toMatchObject({ exactHits: 0, semanticHits: 1 });
    expect(report.details[report.curve.indexOf(pointAt(report, 0.01))]?.pairs).toMatchObject([
      { line: 2, storedLine: 1 },
    ]);
  }, 60_000);

  it("is a log of many kinds; what cannot be read is named", async () => {
    const { log, traffic } = await tune(["-", "--label", "none"], {
      input: readFileSync(fixture("mixed.jsonl"), "utf8"),
    });
    expect(log).toMatchObject({
      name: "standard input",
      kinds: { "openai-body": 1, "anthropic-body": 1, "openai-batch": 1, exchange: 1 },
      bypassed: { stateful: 1 },
      unreadable: 3,
      skipped: {
        "requests of /v1/embeddings are not cached": 1,
        "it is a line of a log, and tells of no request": 1,
      },
      isTimed: false,
    });
    expect(log.faults.map(({ line }) => line)).toEqual([3, 6, 10]);
    expect(traffic).toMatchObject({ requests: 3, frames: 2 });
  }, 60_000);

  it("is Semcache's own request log and export", async () => {
    const provider = await startImitationProvider();
    const semcache = await startSemcache(provider.url, { telemetry: { log_prompts: true } });
    try {
      const prompts = [
        "How do I track my parcel?",
        "How can I track my parcel?",
        "How do I track my parcel?",
        "Can I send a bicycle?",
      ];
      const outcomes: string[] = [];
      for (const prompt of prompts) outcomes.push((await ask(semcache.port, { body: chat(prompt) })).outcome);
      expect(outcomes.slice(1)).toEqual(["hit/semantic", "hit/exact", "miss/no-candidate"]);
      await semcache.log.waitFor((line) => (line["prompts"] as { asked?: string } | undefined)?.asked === prompts[3]);
      const logged = await tune(["-"], { input: semcache.log.text });
      expect(logged.log.kinds).toEqual({ "request-log": 4 });
      expect(pointAt(logged, 0.01)).toMatchObject({ exactHits: 1, semanticHits: 1 });
      const exported = await run(["entries", "export", "-", "--url", semcache.url]);
      expect(exported.code).toBe(0);
      const report = await tune(["-"], { input: exported.stdout });
      expect(report.log).toMatchObject({ kinds: { entry: 2 }, unreadable: 0 });
      expect(pointAt(report, 0.2)).toMatchObject({ exactHits: 0, semanticHits: 0 });
    } finally {
      await semcache.close();
      await provider.close();
    }
  }, 120_000);

  it("ends at the limit, and its entries expire by its times", async () => {
    const line = (time: string) => JSON.stringify({ prompt: "How do I track my parcel?", model: "gpt-4o", time });
    const input = [line("2026-03-01T00:00:00Z"), line("2026-03-01T23:00:00Z"), line("2026-03-03T00:00:00Z")].join("\n");
    const brief = await tune(["-"], { input, files: { "semcache.yaml": "cache: { ttl: 1d }\n" } });
    expect(pointAt(brief, 0.01).exactHits).toBe(1);
    const limited = await tune(["-", "--limit", "2"], { input });
    expect(limited).toMatchObject({ traffic: { requests: 2 }, log: { isCut: true } });
    expect(pointAt(limited, 0.01).exactHits).toBe(1);
  }, 60_000);
});
