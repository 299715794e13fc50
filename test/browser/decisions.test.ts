import { Agent, request as httpRequest } from "node:http";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DecisionPage, DeskDecision, DeskStats } from "#semcache/dashboard/desk-api.js";
import { chat } from "../support/ask.ts";
import { chromiumPath } from "./chromium.ts";
import { DeskScene, shows } from "./desk-scene.ts";

const rowsOf = (page: Page) => page.locator(".grid-rows [role=row]");
const rowWith = (page: Page, text: string | RegExp) => rowsOf(page).filter({ hasText: text });
const score = (value: number | null) =>
  value === null ? "–" : value.toLocaleString("en-US", { minimumFractionDigits: 3, maximumFractionDigits: 3 });

describe.skipIf(chromiumPath === null)("the decisions", () => {
  let scene: DeskScene;
  beforeAll(async () => {
    scene = await DeskScene.start();
  });
  afterAll(() => scene?.close());
  afterEach(() => scene.closePages());

  it("come live, without prompts until they are unlocked", async () => {
    const page = await scene.open("/admin#decisions");
    await page.getByText("No decision like this yet").waitFor();
    await scene.ask("What is the capital of France?");
    await shows(() => rowsOf(page).count()).toBe(1);
    expect(await rowsOf(page).innerText()).not.toContain("France");

    await page.getByRole("button", { name: "Show prompts for 15 minutes" }).click();
    await page.getByText(/Prompts until \d/).waitFor();
    expect((await scene.admin<DeskStats>("stats")).prompts.shown).toBe("unlocked");
    await scene.ask("Tell me the capital of France");
    await shows(() => rowsOf(page).count()).toBe(2);
    const hit = rowWith(page, "semantic hit");
    expect(await hit.innerText()).toContain("Tell me the capital of France");
    expect(await hit.innerText()).toContain("What is the capital of France?");
  });

  it("show what the admin API says of each", async () => {
    await scene.ask("What is the capital of Spain?");
    await scene.ask("What is the capital of France?");
    const page = await scene.open("/admin#decisions");
    const { decisions } = await scene.admin<DecisionPage>("decisions");
    await shows(() => rowsOf(page).count()).toBe(decisions.length);
    for (const [index, decision] of decisions.entries()) {
      const cells = await rowsOf(page).nth(index).getByRole("gridcell").allInnerTexts();
      const [, outcome, details = "", model, similarity, confidence] = cells;
      expect(outcome).toBe(decision.match === null ? "miss" : `${decision.match} hit`);
      expect(model).toBe(decision.model);
      expect(similarity).toBe(score(decision.similarity));
      expect(confidence?.replace(/\s/g, "")).toBe(
        score(decision.confidence) +
          (decision.threshold === null ? "" : `/${score(decision.threshold)}`) +
          (decision.verifier === null ? "" : `verifier${score(decision.verifier)}`),
      );
      if (decision.reason) expect(details).toContain(decision.reason);
      for (const { a, b } of decision.guard)
        expect(details.replace(/\s+/g, " ")).toContain(`${a || "∅"} ≠ ${b || "∅"}`);
    }
  });

  it("open with the whole judgement, the differing words marked", async () => {
    const page = await scene.open("/admin#decisions");
    await rowWith(page, "guard-name").click();
    const dialog = page.getByRole("dialog");
    const { decisions } = await scene.admin<DecisionPage>("decisions?reason=guard-name");
    const [decision] = decisions as [DeskDecision];
    const text = await dialog.innerText();
    expect(text).toContain("The prompts differ in a named person, place or thing");
    expect(text).toContain(score(decision.similarity));
    expect(text).toContain(decision.id);
    const marked = async (name: string) => dialog.getByRole("region", { name }).locator("mark.guard").allInnerTexts();
    expect(await marked("Asked")).toEqual(["Spain"]);
    expect(await marked("Stored prompt")).toEqual(["France"]);
    await page.keyboard.press("Escape");
    await shows(() => dialog.count()).toBe(0);

    await rowWith(page, "semantic hit").click();
    const [hit] = (await scene.admin<DecisionPage>("decisions?outcome=semantic")).decisions as [DeskDecision];
    const judged = await page.getByRole("dialog").innerText();
    for (const value of [hit.similarity, hit.confidence, hit.threshold, hit.verifier])
      expect(judged).toContain(score(value));
    await page.getByRole("button", { name: "Close" }).click();
  });

  it("are called wrong with one click, and the entry is not served to that prompt again", async () => {
    const page = await scene.open("/admin#decisions");
    const before = await scene.admin<DeskStats>("stats");
    await rowWith(page, "semantic hit").getByRole("button", { name: "Wrong" }).click();
    await page.getByText("this answer is never served to this prompt again").waitFor();
    await shows(() => rowWith(page, "semantic hit").locator(".verdict").innerText()).toBe("wrong");
    const after = await scene.admin<DeskStats>("stats");
    expect(after.trust.feedback.wrong).toBe(before.trust.feedback.wrong + 1);
    expect(after.trust.barredPairs).toBe(before.trust.barredPairs + 1);
    expect((await scene.ask("Tell me the capital of France")).outcome).not.toContain("hit");
    await rowWith(page, "guard-reported").first().waitFor();
    // What was said stays said, for who opens the page later.
    await page.reload();
    await shows(() => rowWith(page, "semantic hit").locator(".verdict").innerText()).toBe("wrong");
  });

  it("are called right and wrong from the keyboard", async () => {
    await scene.ask("What is the capital of Spain?");
    const page = await scene.open("/admin#decisions");
    await rowsOf(page).first().waitFor();
    const grid = page.getByRole("grid");
    await grid.focus();
    await page.keyboard.press("ArrowDown");
    const active = page.locator(".grid-row.active");
    expect(await active.innerText()).toContain("exact hit");
    expect(await grid.getAttribute("aria-activedescendant")).toBe(await active.getAttribute("id"));
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await shows(() => dialog.count()).toBe(0);
    // Focus is back where it was.
    await shows(() => page.evaluate("document.activeElement.getAttribute('role')")).toBe("grid");
    await page.keyboard.press("w");
    await page.getByText("1 entry removed").waitFor();
    expect((await scene.ask("What is the capital of Spain?")).outcome).toContain("miss");
    await page.keyboard.press("End");
    await shows(() => rowsOf(page).last().getAttribute("aria-selected")).toBe("true");
  });

  it("are filtered by outcome, reason, model and text", async () => {
    await scene.ask("How do I reset my password?", { model: "gpt-4o" });
    const page = await scene.open("/admin#decisions");
    const all = (await scene.admin<DecisionPage>("decisions")).decisions;
    await shows(() => rowsOf(page).count()).toBe(all.length);
    await page.getByRole("combobox", { name: "Outcome" }).selectOption({ label: "Misses" });
    await shows(() => rowsOf(page).count()).toBe(all.filter(({ cacheStatus }) => cacheStatus === "miss").length);
    await page.getByRole("combobox", { name: "Reason" }).selectOption("guard (all)");
    await shows(() => rowsOf(page).count()).toBe(all.filter(({ reason }) => reason?.startsWith("guard-")).length);
    await page.getByRole("button", { name: "Clear" }).click();
    await shows(() => rowsOf(page).count()).toBe(all.length);
    await page.getByRole("searchbox", { name: "Model" }).fill("gpt-4o");
    await page.getByRole("searchbox", { name: "Prompt, request or entry" }).fill("PASSWORD");
    await shows(() => rowsOf(page).count()).toBe(1);
    // What comes live is filtered too.
    await scene.ask("How do I bake bread?", { model: "another-model" });
    await scene.ask("How do I reset my password?", { model: "gpt-4o" });
    await shows(() => rowsOf(page).count()).toBe(2);
    await page.getByRole("searchbox", { name: "Model" }).fill("no such model");
    await page.getByText("No decision like this yet").waitFor();
  });

  it("are called right, which takes back what barred this pair", async () => {
    const paraphrase = "How can I reset my password?";
    for (let times = 0; times < 2; times++) {
      expect((await scene.ask(paraphrase, { model: "gpt-4o" })).outcome).toContain("semantic");
    }
    const page = await scene.open("/admin#decisions");
    const [newer, older] = [rowsOf(page).nth(0), rowsOf(page).nth(1)];
    await newer.getByRole("button", { name: "Wrong" }).click();
    await page.getByText("this answer is never served to this prompt again").waitFor();
    await older.getByRole("button", { name: "Right" }).click();
    await page.getByText("If this pair of prompts was barred, it is no longer").waitFor();
    await shows(() => older.locator(".verdict").innerText()).toBe("right");
    expect((await scene.ask(paraphrase, { model: "gpt-4o" })).outcome).toContain("semantic");
  });

  it("wait while somebody pauses or reads further down", async () => {
    const page = await scene.open("/admin#decisions");
    await rowsOf(page).first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const count = await rowsOf(page).count();
    await scene.ask("What is the capital of France?");
    const fresh = page.getByRole("button", { name: "Show 1 newer decision" });
    await fresh.waitFor();
    expect(await rowsOf(page).count()).toBe(count);
    await fresh.click();
    await shows(() => rowsOf(page).count()).toBe(count + 1);
    await page.getByRole("button", { name: "Resume" }).click();
  });

  it("hide prompts again, and wipe what was kept", async () => {
    const page = await scene.open("/admin#decisions");
    await rowWith(page, "What is the capital of Spain?").first().waitFor();
    await page.getByRole("button", { name: "Hide prompts" }).click();
    await page.getByRole("button", { name: "Show prompts for 15 minutes" }).waitFor();
    const { decisions } = await scene.admin<DecisionPage>("decisions");
    expect(decisions.filter(({ prompts }) => prompts !== null)).toEqual([]);
    await shows(() => rowWith(page, "What is the capital").count()).toBe(0);
  });

  it("close what is open when prompts are wiped, and name no words while they are locked", async () => {
    await scene.admin("prompts", { show: true });
    await scene.ask("What is the capital of Portugal?", { model: "gpt-4o-mini" });
    const page = await scene.open("/admin#decisions");
    await rowWith(page, "Portugal").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("What is the capital of Portugal?").waitFor();
    await scene.admin("prompts", { show: false });
    await shows(() => dialog.count()).toBe(0);
    await shows(() => rowWith(page, "Portugal").count()).toBe(0);
    await rowWith(page, "guard-name").first().click();
    const text = await dialog.innerText();
    expect(text).toContain("never a hit");
    expect(text).not.toMatch(/Portugal|≠/);
    await page.keyboard.press("Escape");
  });

  it("keep up with more than the events tell of, and do not move under the reader's eyes", async () => {
    const page = await scene.open("/admin#decisions");
    await rowsOf(page).first().waitFor();
    const newest = async () => (await scene.admin<DecisionPage>("decisions?limit=1")).decisions[0]?.id;
    await askMany(scene, 400);
    const last = await newest();
    await shows(() => rowsOf(page).first().getAttribute("id")).toBe(`decision-${last}`);
    const { kept } = await scene.admin<DecisionPage>("decisions?limit=1");
    await page.getByText(`of ${kept} kept`).waitFor();

    const grid = page.getByRole("grid");
    await grid.focus();
    await page.keyboard.press("PageDown");
    await page.keyboard.press("PageDown");
    await page.keyboard.press("PageDown");
    const seen = await page.locator(".grid-row.active").getAttribute("id");
    const top = await page.evaluate("document.querySelector('.grid').scrollTop");
    await askMany(scene, 400);
    const fresh = page.getByRole("button", { name: /newer decisions/ });
    await fresh.waitFor();
    expect(await page.locator(".grid-row.active").getAttribute("id")).toBe(seen);
    expect(await page.evaluate("document.querySelector('.grid').scrollTop")).toBe(top);
    await fresh.click();
    const now = await newest();
    await shows(() => rowsOf(page).first().getAttribute("id")).toBe(`decision-${now}`);
  });

  it("are 10,000 without more than a screenful of them in the page", { timeout: 300_000 }, async () => {
    await askMany(scene, 10_000);
    const page = await scene.open("/admin#decisions", { viewport: { width: 1280, height: 900 } });
    await shows(async () => (await scene.admin<DecisionPage>("decisions?limit=1")).kept).toBe(10_000);
    const grid = page.getByRole("grid");
    await rowsOf(page).first().waitFor();
    await grid.focus();
    let most = 0;
    // To the very end, page after page, as `End` brings them.
    await shows(async () => {
      await page.keyboard.press("End");
      most = Math.max(most, Number(await page.evaluate("document.querySelectorAll('.grid-rows *').length")));
      return rowsOf(page).last().getAttribute("aria-rowindex");
    }).toBe("10001");
    await shows(() => grid.getAttribute("aria-rowcount")).toBe("10001");
    expect(await rowsOf(page).count()).toBeLessThan(60);
    expect(most).toBeLessThan(60 * 25);
    await page.getByText("10,000 decisions of 10,000 kept").waitFor();
    const { decisions } = await oldest(scene);
    expect(await rowsOf(page).last().getAttribute("id")).toBe(`decision-${decisions.at(-1)?.id}`);
    // The filter goes over all of them.
    await page.getByRole("searchbox", { name: "Prompt, request or entry" }).fill(decisions.at(-1)?.id ?? "");
    await shows(() => rowsOf(page).count()).toBe(1);
  });
});

describe.skipIf(chromiumPath === null)("the decisions in shadow mode", () => {
  it("are called wrong where they would have been hits", async () => {
    const scene = await DeskScene.start({ settings: { cache: { mode: "shadow" }, matching: { audit_rate: 0 } } });
    try {
      await scene.ask("What is the capital of France?");
      await scene.ask("Tell me the capital of France");
      const page = await scene.open("/admin#decisions");
      await rowsOf(page).first().getByRole("button", { name: "Wrong" }).click();
      await page.getByText("this answer is never served to this prompt again").waitFor();
      expect(await rowsOf(page).last().getByRole("button").count()).toBe(0);
      expect((await scene.admin<DeskStats>("stats")).trust.barredPairs).toBe(1);
      await scene.closePages();
    } finally {
      await scene.close();
    }
  });
});

async function oldest(scene: DeskScene): Promise<DecisionPage> {
  let page = await scene.admin<DecisionPage>("decisions?limit=1000");
  while (page.next !== null) page = await scene.admin<DecisionPage>(`decisions?limit=1000&before=${page.next}`);
  return page;
}

/** Equal requests over a few connections that are kept: a connection each would take minutes. */
async function askMany({ semcache }: DeskScene, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const body = JSON.stringify(chat("What is the capital of France?", { model: "gpt-4o-mini" }));
  const headers = { "content-type": "application/json", authorization: "Bearer sk-desk" };
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const request = httpRequest(
        `${semcache.url}/v1/chat/completions`,
        { method: "POST", agent, headers },
        (response) => response.resume().on("end", () => resolve()),
      );
      request.on("error", reject);
      request.end(body);
    });
  let left = count;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (left-- > 0) await one();
    }),
  );
  agent.destroy();
}
