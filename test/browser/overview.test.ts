import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DeskHistory, DeskSavings, DeskStats } from "#semcache/dashboard/desk-api.js";
import { breakBeforeHead } from "../support/imitation/faults.ts";
import { parsePrometheusText } from "../support/prometheus-text.ts";
import { chromiumPath } from "./chromium.ts";
import { DeskScene, figure, shows } from "./desk-scene.ts";

const number = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 0 });
const percent = (share: number) => share.toLocaleString("en-US", { style: "percent", maximumFractionDigits: 1 });
const dollars = (amount: number) =>
  amount.toLocaleString("en-US", {
    style: "currency",
    currency: "USD",
    ...(amount !== 0 && amount < 0.01
      ? { maximumSignificantDigits: 2 }
      : { maximumFractionDigits: amount < 1 ? 4 : 2 }),
  });
const MEBIBYTE = 1_048_576;

describe.skipIf(chromiumPath === null)("the overview", () => {
  let scene: DeskScene;
  beforeAll(async () => {
    const limits = [
      { policy_type: "entry_limit", value: 1_000 },
      { policy_type: "memory_limit_mb", value: 64 },
    ];
    scene = await DeskScene.start({ settings: { cache: { eviction_policy: limits } } });
  });
  afterAll(() => scene?.close());
  afterEach(() => scene.closePages());

  it("says what to do on a fresh install, and shows requests as they come, without a reload", async () => {
    const page = await scene.open();
    const start = page.getByRole("heading", { name: "Nothing has come through yet." });
    await start.waitFor();
    const snippet = await page.locator(".snippet pre").first().innerText();
    expect(snippet).toContain(`curl ${scene.semcache.url}/v1/chat/completions`);
    expect(await figure(page, "Requests")).toBe("0");
    expect(await page.locator(".pill.live").innerText()).toBe("live");
    await page.evaluate("window.stayed = true");

    await scene.ask("What is the capital of France?");
    await shows(() => figure(page, "Requests")).toBe("1");
    await shows(() => start.count()).toBe(0);
    await scene.ask("What is the capital of France?");
    await shows(() => figure(page, "Requests")).toBe("2");
    await shows(() => figure(page, "Hit rate")).toBe("50%");
    expect(await page.evaluate("window.stayed")).toBe(true);
  });

  it("shows the numbers of the admin API and of /metrics, every one", async () => {
    await sendMixedTraffic(scene);
    const page = await scene.open();
    const stats = await scene.admin<DeskStats>("stats");
    const history = await scene.admin<DeskHistory>("history?range=24h");
    const { sum } = history;
    expect(stats.totals.requests).toBe(sum.requests);
    await shows(() => figure(page, "Requests")).toBe(number(sum.requests));
    // The traffic has something of everything that is shown.
    expect(Math.min(sum.hits.exact, sum.hits.semantic, sum.bypasses, sum.misses, sum.savedTokens)).toBeGreaterThan(0);
    expect(sum.savedCost).toBeGreaterThan(0);
    expect(Object.keys(sum.providerErrors).toSorted()).toEqual(["http-429", "http-5xx", "upstream-broken"]);

    expect(await figure(page, "Hit rate")).toBe(percent(sum.hitRate ?? -1));
    expect(await figure(page, "Tokens saved")).toBe(number(sum.savedTokens));
    expect(await figure(page, "Money saved")).toBe(dollars(sum.savedCost ?? -1));
    expect(toNumber(await figure(page, "Waiting saved"))).toBeCloseTo(sum.savedSeconds, 1);
    expect(toNumber(await figure(page, "Median time"))).toBeCloseTo(sum.latency.exact.p50Ms ?? -1, 0);
    const lookedUp = sum.hits.exact + sum.hits.semantic + sum.stale + sum.misses;
    expect(await page.locator(".legend li").allInnerTexts()).toEqual([
      `exact ${sum.hits.exact} ${percent(sum.hits.exact / lookedUp)}`,
      `semantic ${sum.hits.semantic} ${percent(sum.hits.semantic / lookedUp)}`,
      `miss ${sum.misses} ${percent(sum.misses / lookedUp)}`,
    ]);
    expect(await page.locator(".tile", { hasText: "not looked up" }).innerText()).toContain(
      `${sum.bypasses} not looked`,
    );

    expect(await readBars(page, "Why misses were misses")).toEqual(sum.missReasons);
    const words = {
      "429 too many requests": "http-429",
      "5xx failed": "http-5xx",
      "the connection broke": "upstream-broken",
    };
    expect(await readBars(page, "Provider errors", words)).toEqual(sum.providerErrors);

    const stored = await page.getByRole("region", { name: "What is stored" }).innerText();
    expect(stored).toContain(`${stats.store.entries} of 1,000`);
    expect(stored).toContain("of 64 MiB");
    expect(stored).toContain(`${(stats.store.bytes / 1024).toLocaleString("en-US", { maximumFractionDigits: 1 })} KiB`);
    const entries = page.getByRole("meter", { name: "Entries" });
    expect(await entries.getAttribute("aria-valuenow")).toBe(String(stats.store.entries));
    expect(await page.getByRole("meter", { name: "Size" }).getAttribute("aria-valuemax")).toBe(String(64 * MEBIBYTE));

    await scene.admin("feedback", { request: await lastSemanticHit(scene), verdict: "right" });
    await shows(() => page.getByRole("region", { name: "Is it ever wrong?" }).innerText()).toContain(
      "1 right, 0 wrong\n",
    );

    const saved = await scene.admin<DeskSavings>("savings?days=2");
    // Nothing was saved before the start.
    const { calls, tokens, dollars: money, byModel, byTenant, byRoute } = stats.saved;
    expect(saved).toMatchObject({ calls, tokens, dollars: money, byModel, byTenant, byRoute });
    await compareSaved(page, saved);
    await compareSums(page, stats);
    await compareMetrics(scene, sum, stats);
  });

  it("draws its charts of the same numbers, which a table has too", async () => {
    const page = await scene.open();
    const history = await scene.admin<DeskHistory>("history?range=24h");
    await shows(() => figure(page, "Requests")).toBe(number(history.sum.requests));
    const { hits, stale, misses, bypasses, latency, hitRate, savedCost = [] } = history;
    const charts: readonly (readonly [string, readonly (readonly (number | null)[])[], digits: number])[] = [
      ["Requests", [hits.exact, hits.semantic, stale, misses, bypasses], 9],
      ["Time taken, median", [latency.exact.p50Ms, latency.semantic.p50Ms, latency.miss.p50Ms, latency.miss.p95Ms], -1],
      ["Hit rate", [hitRate], 2],
      ["Money saved", [savedCost], 6],
    ];
    for (const [title, columns, digits] of charts) {
      const chart = page.locator("figure.chart").filter({ has: page.locator("figcaption", { hasText: title }) });
      await shows(() => countInk(page, title)).toBeGreaterThan(50);
      await chart.locator("summary").click();
      const rows = chart.locator(".numbers tbody tr");
      await shows(() => rows.count()).toBe(history.times.length);
      // Newest first. Steps without traffic are left out: a new one may have begun meanwhile.
      const shown = (await rows.allInnerTexts()).reverse().map((row) => row.split("\t").slice(1).map(toValue));
      const told = history.times.map((_time, at) => columns.map((column) => column[at] ?? null));
      const [shownRows, toldRows] = [shown.filter(hasTraffic), told.filter(hasTraffic)];
      expect(shownRows.length, title).toBe(toldRows.length);
      for (const [at, row] of toldRows.entries())
        for (const [column, value] of row.entries()) {
          const found = shownRows[at]?.[column] ?? null;
          if (value === null || found === null) expect(found, title).toBe(value);
          else expect(found, `${title}, ${column}`).toBeCloseTo(value, digits);
        }
    }
  });

  it("changes its range", async () => {
    const page = await scene.open();
    const chart = page.locator("figure.chart").first();
    await chart.locator("summary").click();
    for (const [label, range] of [
      ["1 hour", "1h"],
      ["7 days", "7d"],
      ["30 days", "30d"],
      ["24 hours", "24h"],
    ] as const) {
      const history = await scene.admin<DeskHistory>(`history?range=${range}`);
      await page.getByText(label, { exact: true }).click();
      await shows(() => chart.locator(".numbers tbody tr").count()).toBe(history.times.length);
      await shows(() => figure(page, "Requests")).toBe(number(history.sum.requests));
    }
  });

  it("leads from a reason to its decisions", async () => {
    const page = await scene.open();
    await page.getByRole("button", { name: "guard-name" }).click();
    const rows = page.locator(".grid-rows [role=row]");
    await shows(() => rows.count()).toBe(1);
    expect(await rows.innerText()).toContain("guard-name");
  });
});

async function sendMixedTraffic(scene: DeskScene): Promise<void> {
  const asked: [string, string, object?][] = [
    ["What is the capital of France?", "hit/exact"],
    ["Tell me the capital of France", "hit/semantic"],
    ["What is the capital of Spain?", "miss/guard-name"],
    ["What is the weather like today?", "miss/volatile"],
    ["Please fail [[error 429]]", "miss/"],
    ["Please fail [[error 500]]", "miss/"],
  ];
  for (const [prompt, outcome] of asked) expect((await scene.ask(prompt)).outcome).toContain(outcome);
  const bypass = await scene.ask("What is the capital of France?", { headers: [["cache-control", "no-store"]] });
  expect(bypass.outcome).toBe("bypass/no-store");
  scene.provider.script(breakBeforeHead());
  expect((await scene.ask("Please break")).status).toBe(502);
  expect((await scene.ask("What is the capital of France?", { model: "a-model-of-our-own" })).status).toBe(200);
  expect((await scene.ask("What is the capital of France?", { model: "a-model-of-our-own" })).outcome).toBe(
    "hit/exact",
  );
}

async function lastSemanticHit(scene: DeskScene): Promise<string> {
  const { decisions } = await scene.admin<{ decisions: { id: string }[] }>("decisions?outcome=semantic&limit=1");
  return decisions[0]?.id ?? "";
}

/** Rows of a list of bars as counts by code. */
async function readBars(
  page: Page,
  title: string,
  codes: Readonly<Record<string, string>> = {},
): Promise<Record<string, number>> {
  const texts = await page.getByRole("region", { name: title }).getByRole("listitem").allInnerTexts();
  return Object.fromEntries(
    texts.map((text) => {
      const [label = "", count] = text.split("\n");
      return [codes[label] ?? label, Number(count)];
    }),
  );
}

async function compareSaved(page: Page, saved: DeskSavings): Promise<void> {
  const card = page.getByRole("region", { name: "What was saved" });
  const text = await card.innerText();
  expect(text).toContain(`${number(saved.calls)} calls, ${number(saved.tokens)} tokens, ${dollars(saved.dollars)}`);
  expect(text).toContain(
    `${number(saved.unpricedTokens)} of the tokens have no price and count as none: a-model-of-our-own`,
  );
  const rows = await card.locator("tbody tr").allInnerTexts();
  const all = [
    ...saved.byModel.map((sum) => [sum.model, sum] as const),
    ...saved.byTenant.map((sum) => [sum.tenant, sum] as const),
    ...saved.byRoute.map((sum) => [sum.route, sum] as const),
  ];
  expect(rows).toEqual(
    all.map(([name, { calls, tokens, dollars: amount, unpricedTokens }]) =>
      [name, calls, tokens, unpricedTokens === tokens ? "no price" : dollars(amount)].join("\t"),
    ),
  );
}

async function compareSums(page: Page, { totals }: DeskStats): Promise<void> {
  const sums = page.locator("details.since");
  await sums.locator("summary").click();
  const facts = Object.fromEntries(
    (await sums.locator(".facts > div").allInnerTexts()).map((text) => text.split("\n") as [string, string]),
  );
  expect(facts).toMatchObject({
    Requests: number(totals.requests),
    "Hit rate": percent(totals.hitRate ?? -1),
    "Exact hits": number(totals.hits.exact),
    "Semantic hits": number(totals.hits.semantic),
    Misses: number(totals.misses),
    Bypasses: number(totals.bypasses),
    Stored: number(totals.stored),
    "Tokens saved": number(totals.savedTokens),
  });
  const tables = Object.fromEntries(
    await Promise.all(
      (await sums.locator(".reason-tables table").all()).map(async (table) => {
        const rows = (await table.locator("tbody tr").allInnerTexts()).map((row) => row.split("\t"));
        return [
          await table.locator("caption").innerText(),
          Object.fromEntries(rows.map(([code, count]) => [code, Number(count)])),
        ];
      }),
    ),
  ) as Record<string, object>;
  expect(tables["Misses"]).toEqual(totals.missReasons);
  expect(tables["Bypasses"]).toEqual(totals.bypassReasons);
  expect(tables["Not stored"]).toEqual(totals.notStoredReasons);
  expect(tables["Errors of Semcache"]).toEqual(totals.errors);
  for (const outcome of ["exact", "semantic", "miss", "bypass"] as const) {
    const row = sums.getByRole("row", { name: new RegExp(`^${outcome} `) });
    const cells = await row.getByRole("cell").allInnerTexts();
    expect(cells[0]).toBe(number(totals.latency[outcome].count));
    expect(toNumber(cells[2] ?? "")).toBeCloseTo(totals.latency[outcome].p50Ms ?? -1, 0);
  }
}

async function compareMetrics(scene: DeskScene, sum: DeskHistory["sum"], stats: DeskStats): Promise<void> {
  const families = parsePrometheusText(await scene.metrics());
  const total = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    (families.get(name)?.samples ?? [])
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels.get(label) === value))
      .reduce((all, { value }) => all + value, 0);
  expect(total("semcache_requests_total")).toBe(sum.requests);
  expect(total("semcache_cache_hit")).toBe(sum.hits.exact + sum.hits.semantic);
  expect(total("semcache_cache_miss")).toBe(sum.misses);
  expect(total("semcache_saved_tokens_total")).toBe(sum.savedTokens);
  expect(total("semcache_saved_seconds_total")).toBeCloseTo(sum.savedSeconds, 3);
  expect(total("semcache_saved_cost_dollars_total")).toBeCloseTo(sum.savedCost ?? -1, 9);
  expect(total("semcache_cache_size")).toBe(stats.store.entries);
  for (const [kind, count] of Object.entries(sum.providerErrors))
    expect(total("semcache_provider_errors_total", { kind }), kind).toBe(count);
}

/** How many points of a chart's canvas are not empty. */
function countInk(page: Page, title: string): Promise<number> {
  return page.evaluate(`(() => {
    const figure = [...document.querySelectorAll("figure.chart")].find((each) => each.querySelector("figcaption").textContent === ${JSON.stringify(title)});
    const canvas = figure.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 200) ink++;
    return ink;
  })()`);
}

function hasTraffic(row: readonly (number | null)[]): boolean {
  return row.some((value) => value !== null && value !== 0);
}

/** A cell as a number: milliseconds, dollars, a share of one, or a count; null where it has none. */
function toValue(cell: string): number | null {
  if (cell === "–") return null;
  const factor = cell.endsWith("%") ? 0.01 : cell.endsWith(" s") ? 1_000 : 1;
  return toNumber(cell) * factor;
}

function toNumber(text: string): number {
  return Number(/-?[\d,]+(?:\.\d+)?/.exec(text)?.[0].replaceAll(",", "") ?? Number.NaN);
}
