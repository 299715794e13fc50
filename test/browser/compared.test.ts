import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import type { DeskShadow, Rate, VerdictCounts } from "#semcache/dashboard/desk-api.js";
import { comparisonOf, longText, says } from "../integration/shadow-scene.ts";
import { chromiumPath } from "./chromium.ts";
import { contrast } from "./contrast.ts";
import { DeskScene, figure, shows, type DeskOptions } from "./desk-scene.ts";

const france = "What is the capital of France?";
const franceInOtherWords = "Tell me the capital of France";
const spain = "What is the capital of Spain?";

describe.skipIf(chromiumPath === null)("what the provider says of hits", () => {
  let scene: DeskScene | null = null;
  afterEach(async () => {
    await scene?.closePages();
    await scene?.close();
    scene = null;
  });
  const start = async (options: DeskOptions): Promise<DeskScene> => (scene = await DeskScene.start(options));

  it("in shadow mode: as it comes, each figure as the admin API has it, by kind, confidence, partition and reason", async () => {
    const desk = await start({ settings: { cache: { mode: "shadow" }, matching: { audit_rate: 0.01 } } });
    const page = await desk.open();
    const card = cardOf(page);
    await card.getByText("Shadow mode is on, and nothing has been looked up yet.").waitFor();
    expect(await card.getByRole("table").count()).toBe(0);

    await compareAll(desk);
    const { shadow: report, audits } = await desk.admin<DeskShadow>("shadow");
    expect(audits.lookups).toBe(0);
    const { semantic, exact } = report.matches;
    // Something of everything that is shown.
    expect([semantic.wrong, semantic.right, exact.right, exact.unsure]).toEqual([1, 1, 1, 1]);
    expect(report.misses).toMatchObject({ "frame-new": 3, "guard-name": 1 });
    expect(report.partitions).toHaveLength(3);

    await shows(() => card.innerText()).toContain(
      `Of ${report.lookups} lookups ${rate(report.hitRate)} would have been`,
    );
    await shows(() => card.innerText()).toContain(
      `Of 2 hits by meaning 2 could be judged: ${rate(semantic.wrongRate)} would have been wrong.`,
    );
    expect(await card.innerText()).toContain(
      `Of 2 hits of equal requests 1 could be judged: ${rate(exact.wrongRate)} would have been wrong.`,
    );
    await shows(() => rowsOf(card, "Shadow mode: verdicts")).toEqual([
      toVerdicts("by meaning", semantic),
      ...Object.entries(report.bands).map(([band, counts]) => toVerdicts(`confidence ${band}`, counts)),
      toVerdicts("of equal requests", exact),
    ]);
    expect(await rowsOf(card, "Shadow mode: partitions")).toEqual(
      report.partitions.map(({ model, namespace, tenant, frame, lookups, hitRate, matches }) => [
        [model, namespace, tenant, frame].join(" · "),
        String(lookups),
        rate(hitRate),
        rate(matches.semantic.wrongRate),
        rate(matches.exact.wrongRate),
      ]),
    );
    expect(await rowsOf(card, "Shadow mode: grounds")).toEqual(
      Object.entries(report.grounds).map(([ground, { right, wrong, suspect, unsure }]) =>
        [ground, right, wrong, suspect, unsure].map(String),
      ),
    );
    const misses = await rowsOf(card, "Shadow mode: misses");
    expect(Object.fromEntries(misses.map(([reason, count]) => [reason, Number(count)]))).toEqual(report.misses);
    expect(await card.getByText("Audits").count()).toBe(0);
  });

  it("of hits that were served and audited", async () => {
    const desk = await start({ settings: { matching: { audit_rate: 1 } } });
    await desk.ask(france);
    desk.provider.script(says("Bake it at 180 degrees."), { times: 2 });
    await auditOf(desk, franceInOtherWords);
    const page = await desk.open();
    const { shadow, audits } = await desk.admin<DeskShadow>("shadow");
    expect(shadow.lookups).toBe(0);
    expect(audits.matches.semantic).toMatchObject({ hits: 1, wrong: 1, judged: 1 });
    const card = cardOf(page);
    await card.getByText("About 1 hit the provider was asked afterwards.").waitFor();
    expect(await card.innerText()).toContain(
      `Of 1 hit by meaning 1 could be judged: ${rate(audits.matches.semantic.wrongRate)} were wrong.`,
    );
    expect(await card.innerText()).not.toMatch(/hits? of equal/);
    expect(await card.getByText("Shadow mode").count()).toBe(0);
    const [row] = audits.partitions;
    expect(await rowsOf(card, "Audits: partitions")).toEqual([
      [
        [row?.model, row?.namespace, row?.tenant, row?.frame].join(" · "),
        "1",
        rate(audits.matches.semantic.wrongRate),
        "not known",
      ],
    ]);

    // What comes while the page is open; and what is not known is said to be so.
    desk.provider.script(says(longText));
    await desk.ask(spain);
    desk.provider.script(says(longText.replaceAll("hospital", "home")));
    await auditOf(desk, spain);
    const { exact } = (await desk.admin<DeskShadow>("shadow")).audits.matches;
    expect(exact).toMatchObject({ hits: 1, unsure: 1, judged: 0 });
    await shows(() => card.innerText()).toContain(
      "Of 1 hit of equal requests 0 could be judged: how many were wrong is not known yet.",
    );
    await shows(() => rowsOf(card, "Audits: verdicts")).toContainEqual(toVerdicts("of equal requests", exact));
  });

  it("is not there without either", async () => {
    const desk = await start({ settings: { matching: { audit_rate: 0 } } });
    await desk.ask(france);
    await desk.ask(france);
    await desk.ask(franceInOtherWords);
    const page = await desk.open();
    const told = await page.waitForResponse((response) => response.url().endsWith("/admin/shadow"));
    expect(((await told.json()) as DeskShadow).audits.lookups).toBe(0);
    await shows(() => figure(page, "Requests")).toBe("3");
    await page.getByRole("region", { name: "Is it ever wrong?" }).getByText("no audit yet").waitFor();
    expect(await cardOf(page).count()).toBe(0);
  });

  it("stays when shadow mode is off again, and is called so", async () => {
    const folder = await mkdtemp(join(tmpdir(), "semcache-compared-"));
    try {
      const store = { kind: "embedded", path: folder };
      const before = await start({ settings: { cache: { mode: "shadow" }, store } });
      await before.ask(france);
      await before.close();
      const desk = await start({ settings: { matching: { audit_rate: 0 }, store } });
      const card = cardOf(await desk.open());
      await card.getByRole("heading", { name: /^Shadow mode, off now, since / }).waitFor();
      expect(await card.innerText()).toContain("Of 1 lookups 0% (0% to ");
      await desk.closePages();
      await desk.close();
      scene = null;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("can be read on a phone, in both themes, and scrolled with the keyboard", async () => {
    const desk = await start({ settings: { cache: { mode: "shadow" }, matching: { audit_rate: 0.01 } } });
    await compareAll(desk);
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await desk.open("/admin", { colorScheme, viewport: { width: 360, height: 740 } });
      await cardOf(page).getByRole("table").first().waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
      for (const selector of [".compared h3", ".compared p", ".compared .dim", ".compared thead th", ".compared td"])
        expect(await contrast(page, selector), `${colorScheme} ${selector}`).toBeGreaterThanOrEqual(4.5);
      const verdicts = page.getByRole("region", { name: "Shadow mode: verdicts" });
      await page.getByRole("button", { name: "guard-name" }).focus();
      // From the list of reasons on, Tab comes to each table that scrolls.
      for (let step = 0; step < 20 && !(await isFocused(page, "Shadow mode: verdicts")); step++)
        await page.keyboard.press("Tab");
      expect(await isFocused(page, "Shadow mode: verdicts")).toBe(true);
      await page.keyboard.press("ArrowRight");
      await shows(() => verdicts.evaluate((element) => element.scrollLeft)).toBeGreaterThan(0);
    }
  });
});

/** Hits of both kinds, right, wrong and unsure, and misses; waits until all of them are compared. */
async function compareAll(desk: DeskScene): Promise<void> {
  const { provider } = desk;
  provider.script(says("It is Paris, since 987."));
  await desk.ask(france);
  provider.script(says("It is Paris, since 987."));
  await compareHit(desk, franceInOtherWords);
  provider.script(says("Bake it at 180 degrees."), { times: 2 });
  await compareHit(desk, franceInOtherWords);
  await desk.ask(spain);
  for (const model of ["gpt-4o", "gpt-4.1"]) {
    provider.script(says(model === "gpt-4o" ? "Madrid" : longText));
    await desk.ask(spain, { model });
    provider.script(says(model === "gpt-4o" ? "**Madrid**" : longText.replaceAll("hospital", "home")));
    await compareHit(desk, spain, model);
  }
}

async function compareHit(desk: DeskScene, prompt: string, model = "gpt-4o-mini"): Promise<void> {
  const answer = await desk.ask(prompt, { model });
  expect(answer.outcome).toBe("miss/shadow");
  await comparisonOf(desk.semcache, answer);
}

/** Asks what is a hit, and waits until it is audited. */
async function auditOf(desk: DeskScene, prompt: string): Promise<void> {
  const { audits: before } = await desk.admin<DeskShadow>("shadow");
  expect((await desk.ask(prompt)).outcome).toContain("hit/");
  await shows(async () => {
    const { right, wrong, unsure } = (await desk.admin<DeskShadow>("shadow")).audits.all;
    return right + wrong + unsure;
  }).toBe(before.all.right + before.all.wrong + before.all.unsure + 1);
}

function cardOf(page: Page) {
  return page.getByRole("region", { name: "Compared with the provider" });
}

type Card = ReturnType<typeof cardOf>;

async function rowsOf(card: Card, name: string): Promise<string[][]> {
  const rows = await card.getByRole("region", { name, exact: true }).locator("tbody tr").allInnerTexts();
  return rows.map((row) => row.split("\t"));
}

function isFocused(page: Page, label: string): Promise<boolean> {
  return page.evaluate(`document.activeElement.getAttribute("aria-label") === ${JSON.stringify(label)}`);
}

function toVerdicts(name: string, counts: VerdictCounts): string[] {
  const { wrongRate, hits, right, wrong, suspect, unsure, failed, skipped } = counts;
  return [name, rate(wrongRate), ...[hits, right, wrong, suspect, unsure, failed, skipped].map(String)];
}

/** A rate and its interval, as the page has it. */
function rate({ rate: value, lower, upper }: Rate): string {
  const [middle, from, to] = [value ?? 0, lower, upper].map((share) =>
    share.toLocaleString("en-US", { style: "percent", maximumFractionDigits: 2 }),
  );
  return value === null ? "not known" : `${middle} (${from} to ${to})`;
}
