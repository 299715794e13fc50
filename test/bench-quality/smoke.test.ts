import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Runs the benchmark on a few rows of its own: what it counts and writes is tested, not how good the models are.
const main = join(import.meta.dirname, "../../bench/quality/main.mjs");
const run = promisify(execFile);

interface Rate {
  readonly count: number;
  readonly size: number;
  readonly value: number | null;
}
interface Report {
  readonly remarks: readonly string[];
  readonly data: Readonly<Record<string, string>>;
  readonly pairs: {
    readonly pairs: number;
    readonly defaultMethod: string;
    readonly perSet: readonly {
      readonly set: string;
      readonly mustHit: number;
      readonly mustMiss: number;
      readonly methods: Readonly<Record<string, { readonly recall: Rate; readonly falseHits: Rate }>>;
    }[];
    readonly missedBecause: Readonly<Record<string, number>>;
    readonly decidedOtherwise: number;
  };
  readonly traffic: {
    readonly rows: readonly {
      readonly stream: string;
      readonly labels: string;
      readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
    }[];
  };
}

const pairs = [
  // They differ in what is harmless, so no model is asked.
  { a: "How do I reset my password?", b: "how do i reset my password", label: 1, set: "typing" },
  { a: "Where can I download my invoices?", b: "Please, where can I download my invoices?", label: 1, set: "typing" },
  { a: "What is the tallest mountain in Peru?", b: "what is the tallest mountain in peru", label: 1, set: "typing" },
  { a: "How do I cancel my order?", b: "How do I track my order?", label: 0, set: "typing" },
  // Numbers are the guard's: a veto.
  { a: "Convert 20 miles to kilometers", b: "Convert 30 miles to kilometers", label: 0, set: "numbers" },
  { a: "Name 5 rivers in France", b: "Name 8 rivers in France", label: 0, set: "numbers" },
  { a: "What is 12 percent of 80?", b: "What is 15 percent of 80?", label: 0, set: "numbers" },
  { a: "List 3 books about whales", b: "List three books about whales", label: 1, set: "numbers" },
  // The same words after another conversation; and after the same one.
  {
    a: "And how large is it now?",
    b: "And how large is it now?",
    label: 0,
    set: "talk",
    a_context: ["The sun"],
    b_context: ["The moon"],
  },
  {
    a: "How cold are winters there?",
    b: "Are the winters cold?",
    label: 1,
    set: "talk",
    a_context: ["Oslo"],
    b_context: ["Norway"],
  },
  {
    a: "How large is the moon?",
    b: "How large is the moon?",
    label: 1,
    set: "talk",
    a_context: ["Hi"],
    b_context: ["Hi"],
  },
  { a: "How old is the moon?", b: "How far is the moon?", label: 0, set: "talk", b_context: ["Hi"] },
];
const labelled = [
  { text: "How do I reset my password?", answer_id: "reset" },
  { text: "How do I reset my password?", answer_id: "reset" },
  { text: "how do i reset my password", answer_id: "reset" },
  { text: "When does the shop open on Sunday?", answer_id: "hours", oos: false },
  { text: "purple monkey dishwasher banana", answer_id: null, oos: true },
];
const unlabelled = [
  { text: "who painted the ceiling of the chapel" },
  { text: "Who painted the ceiling of the chapel?" },
  { text: "what is the boiling point of nitrogen" },
];
const intents = [
  { text: "My card has not arrived yet", intent: "arrival" },
  { text: "my card has not arrived yet", intent: "delay" },
  { text: "How can I change my PIN code?", intent: "pin" },
];

let folder = "";
let report: Report;
let stdout = "";
let page = "";
let curve = "";
let markdown = "";

function writeRows(name: string, rows: readonly object[]): void {
  writeFileSync(join(folder, name), gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join("")));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "semcache-bench-quality-"));
  mkdirSync(join(folder, "traffic"));
  writeRows("bench.jsonl.gz", pairs);
  writeRows("traffic/support.jsonl.gz", labelled);
  writeRows("traffic/trivia.jsonl.gz", unlabelled);
  writeRows("traffic/bank.jsonl.gz", intents);
  const files = ["report.json", "report.md", "report.html", "curve.svg"].map((name) => join(folder, name));
  const [json, md, html, svg] = files as [string, string, string, string];
  const env = { ...process.env, SEMCACHE_BENCH_DATA: folder };
  ({ stdout } = await run(
    process.execPath,
    [main, "--json", json, "--markdown", md, "--html", html, "--svg", svg, "--wrong"],
    {
      env,
    },
  ));
  report = JSON.parse(readFileSync(json, "utf8")) as Report;
  page = readFileSync(html, "utf8");
  curve = readFileSync(svg, "utf8");
  markdown = readFileSync(md, "utf8");
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the quality benchmark", () => {
  it("judges pairs as the product does", () => {
    const { perSet, missedBecause, decidedOtherwise, pairs: size, defaultMethod } = report.pairs;
    expect(size).toBe(12);
    expect(perSet.map(({ set, mustHit, mustMiss }) => [set, mustHit, mustMiss])).toEqual([
      ["numbers", 1, 3],
      ["talk", 2, 2],
      ["typing", 3, 1],
    ]);
    const [numbers, talk, typing] = perSet.map(({ methods }) => methods[defaultMethod]);
    expect(numbers?.falseHits).toMatchObject({ count: 0, size: 3 });
    expect(typing?.recall).toMatchObject({ count: 3, size: 3 });
    // After the same conversation equal texts hit; after another one nothing does, for no method.
    expect(talk).toMatchObject({ recall: { count: 1, size: 2 }, falseHits: { count: 0, size: 2 } });
    expect(perSet[1]?.methods["cosine 0.80"]).toMatchObject({ recall: { count: 1 }, falseHits: { count: 0 } });
    expect(missedBecause["frame-new"]).toBe(1);
    expect(decidedOtherwise).toBe(0);
  });

  it("compares with cosine on the same rows", () => {
    const numbers = report.pairs.perSet[0]?.methods;
    expect(Object.keys(numbers ?? {})).toEqual(
      expect.arrayContaining(["cosine 0.80", "cosine 0.90", "cosine 0.95", "guard", "verifier at 1%", "product 0.05"]),
    );
    // What numbers differ in, a cosine hardly sees.
    expect(numbers?.["cosine 0.80"]?.falseHits.count).toBeGreaterThan(0);
    expect(numbers?.guard?.falseHits.count).toBe(0);
  });

  it("replays streams by what their labels tell", () => {
    const id = report.pairs.defaultMethod;
    const rows = Object.fromEntries(
      report.traffic.rows.map((row) => [row.stream, { labels: row.labels, ...row.counts[id] }]),
    );
    expect(rows["support"]).toMatchObject({ labels: "answer", requests: 5, exact: 1, semantic: 1, wrongByLabel: 0 });
    expect(rows["trivia"]).toMatchObject({ labels: "none", requests: 3, exact: 0, semantic: 1, wrongByLabel: 1 });
    expect(rows["bank"]).toMatchObject({ labels: "intent", semantic: 1, wrongByLabel: 0, otherIntent: 1 });
    expect(rows["all but intents"]).toMatchObject({ labels: "total", requests: 8, semantic: 2, wrongByLabel: 1 });
  });

  it("says on what, and that nothing is known of how the calibration was fitted on it", () => {
    expect(Object.keys(report.data)).toEqual(expect.arrayContaining(["bench.jsonl.gz", "traffic/bank.jsonl.gz"]));
    expect(report.remarks).toEqual([expect.stringContaining("another bench.jsonl.gz")]);
    expect(stdout).toContain("12 of 12 labelled pairs");
  });

  it("prints its tables, and the wrong hits to be read", () => {
    for (const told of ["By set", "mean over sets", "Methods compared", "Reliability of the probability", "frame-new"])
      expect(stdout).toContain(told);
    expect(stdout).toMatch(/^typing +3 +1 +100\.0% \(43\.9–100\.0\)/m);
    expect(stdout).toMatch(/^[0-9a-f]{16} trivia, max_error_rate 0\.01 \| .+ \| .+/m);
  });

  it("writes Markdown whose tables are whole", () => {
    expect(markdown).toContain("| **mean over sets** |");
    expect(markdown).toContain("## Traffic replay");
    const lines = markdown.split("\n");
    for (const [at, line] of lines.entries())
      if (line.startsWith("| ---")) {
        const width = line.split("|").length;
        expect(lines[at - 1]?.split("|").length).toBe(width);
        expect(lines[at + 1]?.split("|").length).toBe(width);
      }
  });

  it("writes the curve as an image of its own", () => {
    expect(curve).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<\/svg>\n$/su);
    expect(curve.match(/<polyline /g)).toHaveLength(3);
    expect(curve).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("writes a page that needs nothing else", () => {
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page.match(/<polyline /g)).toHaveLength(4);
    expect(page).toContain("prefers-color-scheme: dark");
    expect(page).not.toMatch(/https?:|<script|<link|@import|url\(|NaN|undefined|Infinity/);
    for (const tag of ["section", "table", "svg", "g", "tr", "td", "p", "ul", "li", "main"])
      expect(page.match(new RegExp(`<${tag}[ >]`, "g"))?.length, tag).toBe(
        page.match(new RegExp(`</${tag}>`, "g"))?.length,
      );
  });
});

describe("it is refused", () => {
  it.each([
    [{ SEMCACHE_BENCH_DATA: "" }, [], /SEMCACHE_BENCH_DATA is not set/],
    [{ SEMCACHE_BENCH_DATA: "/nonexistent" }, [], /\/nonexistent cannot be read/],
    [{ SEMCACHE_BENCH_DATA: "/nonexistent" }, ["--rows", "many"], /--rows is "many"/],
    [{}, ["--html", "/nonexistent/page.html"], /\/nonexistent\/page\.html cannot be written/],
  ])("with %j %j", async (variables, args, message) => {
    const env = { ...process.env, SEMCACHE_BENCH_DATA: folder, ...variables };
    await expect(run(process.execPath, [main, ...args], { env })).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message) as string,
    });
  });
});
