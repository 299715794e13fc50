import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// A day of 150 requests that the project wrote itself, played to the server, in shadow mode too, and replayed by tune. What is
// checked against its labels is in bench/day/; here it runs with few requests, and is shown to see what is wrong.
// One paraphrase has another answer on purpose ("Tell me the capital of France"): that hit is wrong by its label.

interface RecordedRequest {
  readonly timestamp: string;
  readonly tenant: string;
  readonly request: { readonly model: string };
  readonly answer_id: string;
  readonly may_be_answered_by: number | null;
}
interface Check {
  readonly of: string;
  readonly figure: string;
  readonly told: number | null;
  readonly known: number | null;
  readonly agrees: boolean;
  readonly must: boolean;
}
interface Played {
  readonly requests: readonly { readonly status: string; readonly call: number }[];
  readonly stats: { readonly totals: { readonly hits: object } };
}
interface Found {
  readonly checks: readonly Check[];
  readonly labelled: {
    readonly answerable: number;
    readonly hits: Readonly<Record<"exact" | "semantic", { readonly count: number; readonly wrong: number }>>;
    readonly wrongByRequest: readonly (boolean | null)[];
  };
  readonly shadow: {
    readonly labelledWrongShare: number;
    readonly isInside: boolean;
    readonly verdictsByLabel: Readonly<Record<string, { readonly right: number; readonly wrong: number }>>;
  };
  readonly tune: { readonly expectedWrong: number; readonly measured: { readonly wrong: number } };
}
interface Fixture {
  readonly name: string;
  readonly answers: Readonly<Record<string, string>>;
  readonly phrasings: Readonly<Record<string, readonly string[]>>;
}
interface Runs {
  readonly served: Played;
  readonly shadowed: Played;
  readonly tuned: object;
}
interface DayModules {
  recordDay(applications: object, options: object): readonly RecordedRequest[];
  createAnswerBook(applications: object): object;
  playDay(day: object, book: object, options: object): Promise<Played>;
  tuneDay(file: string, folder: string): Promise<object>;
  checkDay(day: object, runs: object): Found;
  toDayReport(day: object, found: object): string;
}

const folderOf = "../../bench/day/";
const load = async (file: string) => (await import(`${folderOf}${file}`)) as Partial<DayModules>;
const modules = await Promise.all(
  ["record-day.mjs", "play-day.mjs", "tune-day.mjs", "check-day.mjs", "day-report.mjs"].map(load),
);
const { recordDay, createAnswerBook, playDay, tuneDay, checkDay, toDayReport } = Object.assign(
  {},
  ...modules,
) as DayModules;

const options = { requests: 150, seed: 7, dayMs: Date.UTC(2026, 0, 14) };
let applications: readonly object[];
let day: readonly RecordedRequest[];
let runs: Runs;
let found: Found;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "semcache-day-"));
  const file = new URL("../fixtures/recorded-day/applications.json", import.meta.url);
  const fixtures = JSON.parse(await readFile(file, "utf8")) as readonly Fixture[];
  applications = fixtures.map((fixture) => ({
    ...fixture,
    phrasings: Object.entries(fixture.phrasings).flatMap(([label, texts]) => texts.map((text) => ({ text, label }))),
  }));
  day = recordDay(applications, options);
  const log = join(folder, "day.jsonl");
  await writeFile(log, day.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const book = createAnswerBook(applications);
  const served = await playDay(day, book, { mode: "semantic" });
  const shadowed = await playDay(day, book, { mode: "shadow" });
  runs = { served, shadowed, tuned: await tuneDay(log, folder) };
  found = checkDay(day, runs);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const differing = ({ checks }: Found) => checks.filter(({ agrees, must }) => must && !agrees);

describe("a recorded day", () => {
  it("is the same for the same seed, rises in time, lasts a day, and points to earlier requests only", () => {
    expect(recordDay(applications, options)).toEqual(day);
    expect(recordDay(applications, { ...options, seed: 8 })).not.toEqual(day);
    const times = day.map(({ timestamp }) => Date.parse(timestamp));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(day.map(({ timestamp }) => timestamp.slice(0, 10)))).toEqual(new Set(["2026-01-14"]));
    for (const [index, line] of day.entries()) {
      const { may_be_answered_by: earlier } = line;
      if (earlier === null) continue;
      expect(earlier).toBeLessThan(index + 1);
      expect(day[earlier - 1]).toMatchObject({ answer_id: line.answer_id, tenant: line.tenant });
    }
  });

  it.each(["answers", "stats", "metrics", "history", "shadow", "tune"])("what %s tell agrees with the labels", (of) => {
    const own = found.checks.filter((each) => each.of === of);
    expect(own.length).toBeGreaterThan(3);
    expect(own.filter(({ agrees, must }) => must && !agrees)).toEqual([]);
  });

  it("has hits of both kinds, and one kind of wrong hit, which its labels, shadow mode and tune all see", () => {
    const { hits, answerable } = found.labelled;
    expect(hits.exact.count).toBeGreaterThan(20);
    expect(hits.semantic.count).toBeGreaterThan(10);
    expect(hits.exact.count + hits.semantic.count).toBeLessThanOrEqual(answerable + hits.semantic.wrong);
    expect(hits.exact.wrong).toBe(0);
    expect(hits.semantic.wrong).toBeGreaterThan(0);
    const wrong = day.filter((_, index) => found.labelled.wrongByRequest[index] === true);
    expect(new Set(wrong.map((line) => line.answer_id))).toEqual(new Set(["quiz/bread"]));
    expect(found.shadow.verdictsByLabel["wrong"]).toEqual({ right: 0, wrong: hits.semantic.wrong });
    expect(found.shadow.verdictsByLabel["right"]?.wrong ?? 0).toBe(0);
    expect(found.shadow.isInside).toBe(true);
    expect(found.tune.measured.wrong).toBe(hits.semantic.wrong);
    expect(found.tune.expectedWrong).toBeGreaterThan(0);
  });
});

describe("the check sees", () => {
  it("a hit too many in the totals", () => {
    const { totals } = runs.served.stats;
    const stats = { ...runs.served.stats, totals: { ...totals, hits: { ...totals.hits, exact: 999 } } };
    const altered = checkDay(day, { ...runs, served: { ...runs.served, stats } });
    expect(differing(altered).map(({ figure }) => figure)).toContain("hits, exact");
    expect(toDayReport(day, altered)).toContain("DO NOT AGREE");
    expect(toDayReport(day, found)).toContain("that must agree do.");
  });

  it("a hit that was given the answer of another label", () => {
    const at = runs.served.requests.findIndex(({ status }) => status === "hit");
    const other = runs.served.requests.find(({ call }) => call !== runs.served.requests[at]?.call);
    const requests = runs.served.requests.with(at, {
      ...(runs.served.requests[at] as Played["requests"][number]),
      call: other?.call ?? 0,
    });
    const altered = checkDay(day, { ...runs, served: { ...runs.served, requests } });
    expect(differing(altered).map(({ figure }) => figure)).toContain("that do not say what the provider said");
  });

  it("a day that went another way in shadow mode", () => {
    const altered = checkDay(day, { ...runs, shadowed: { ...runs.shadowed, requests: runs.served.requests } });
    expect(differing(altered).map(({ figure }) => figure)).toContain("hits that were served");
  });
});
