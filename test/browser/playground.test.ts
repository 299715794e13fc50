import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Judgement } from "#semcache/model/verdict.js";
import { chromiumPath } from "./chromium.ts";
import { DeskScene, shows } from "./desk-scene.ts";

const score = (value: number | null) =>
  value === null ? "–" : value.toLocaleString("en-US", { minimumFractionDigits: 3, maximumFractionDigits: 3 });

describe.skipIf(chromiumPath === null)("the playground", () => {
  let scene: DeskScene;
  beforeAll(async () => {
    scene = await DeskScene.start();
  });
  afterAll(() => scene?.close());
  afterEach(() => scene.closePages());

  async function judge(page: Page, a: string, b: string) {
    await page.getByLabel("Stored prompt").first().fill(a);
    await page.getByLabel("Asked prompt").first().fill(b);
    await page.getByRole("button", { name: "Judge" }).click();
    const judgement = await scene.admin<Judgement>("similarity", { a, b });
    const result = page.locator(".result");
    await shows(() => result.locator("h2").innerText()).toMatch(judgement.verdict === "hit" ? /^Hit/ : /^Miss/);
    return { judgement, text: await result.innerText(), result };
  }

  it("judges a paraphrase a hit, with all its figures", async () => {
    const page = await scene.open("/admin#playground");
    const { judgement, text } = await judge(page, "How do I reset my password?", "How can I reset my password?");
    expect(judgement.verdict).toBe("hit");
    const { similarity, confidence, threshold, verifier } = judgement;
    for (const value of [similarity, confidence, threshold, verifier]) expect(text).toContain(score(value));
    expect(text).toContain("It found no difference that could change the answer.");
    expect(await page.getByRole("meter", { name: "Confidence" }).getAttribute("aria-valuenow")).toBe(
      String(confidence),
    );
  });

  it("judges a near-miss a miss, and marks why", async () => {
    const page = await scene.open("/admin#playground");
    const { judgement, text, result } = await judge(
      page,
      "Convert 10 miles to kilometers",
      "Convert 20 miles to kilometers",
    );
    expect(judgement.reason).toBe("guard-number");
    expect(text).toContain("The prompts differ in a number, unit, currency or range");
    expect(text).toContain(score(judgement.similarity));
    const marked = (name: string) => result.getByRole("region", { name }).locator("mark").allInnerTexts();
    expect(await marked("Stored prompt")).toEqual(["10"]);
    expect(await marked("Asked prompt")).toEqual(["20"]);
    await page.getByRole("button", { name: "Swap" }).click();
    expect(await page.getByLabel("Stored prompt").first().inputValue()).toBe("Convert 20 miles to kilometers");
  });

  it("has examples, takes Ctrl+Enter, and shows markup as text", async () => {
    const page = await scene.open("/admin#playground");
    await page.getByRole("button", { name: "another country" }).click();
    await page.getByText("guard-name").first().waitFor();
    const attack = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    await page.getByLabel("Stored prompt").first().fill(attack);
    await page.getByLabel("Asked prompt").first().fill(`${attack} again`);
    await page.keyboard.press("Control+Enter");
    await shows(() => page.locator(".result .prompt-text").first().innerText()).toBe(attack);
    expect(await page.locator(".result img, .result script").count()).toBe(0);
  });

  it("tells what is wrong with what it was given", async () => {
    const page = await scene.open("/admin#playground");
    await page.getByText("In a partition of its own verdicts").click();
    await page.getByLabel("Partition, as an entry shows it").fill("x".repeat(300));
    await page.getByLabel("Stored prompt").first().fill("a");
    await page.getByLabel("Asked prompt").first().fill("b");
    await page.getByRole("button", { name: "Judge" }).click();
    await shows(() => page.getByRole("alert").innerText()).toMatch(/partition|must be/);
    await scene.closePages(/400/);
  });
});
