import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DeskEntryDetail, DeskStats, EntryPage } from "#semcache/dashboard/desk-api.js";
import { chromiumPath } from "./chromium.ts";
import { DeskScene, shows, tabOf } from "./desk-scene.ts";

const rowsOf = (page: Page) => page.locator("table.entries tbody tr");

describe.skipIf(chromiumPath === null)("the entries", () => {
  let scene: DeskScene;
  beforeAll(async () => {
    scene = await DeskScene.start();
  });
  afterAll(() => scene?.close());
  afterEach(() => scene.closePages());

  it("say what to do while there are none", async () => {
    const page = await scene.open("/admin#entries");
    await page.getByRole("heading", { name: "Nothing is stored yet." }).waitFor();
    await scene.ask("What is the capital of France?", { headers: [["x-semcache-tags", "faq,v1"]] });
    await scene.ask("How do I reset my password?", { headers: [["x-semcache-tags", "faq"]] });
    await scene.ask("What are the benefits of exercise?", { model: "gpt-4o" });
    await scene.ask("Convert 10 miles to kilometers", { headers: [["x-semcache-namespace", "staging"]] });
    await scene.ask("Convert 10 miles to kilometers", { headers: [["x-semcache-namespace", "staging"]] });
    await tabOf(page, "Overview").click();
    await tabOf(page, "Entries").click();
    await shows(() => rowsOf(page).count()).toBe(4);
  });

  it("are what the admin API lists", async () => {
    const page = await scene.open("/admin#entries");
    const { entries } = await scene.admin<EntryPage>("entries");
    await shows(() => rowsOf(page).count()).toBe(entries.length);
    for (const [index, entry] of entries.entries()) {
      const cells = await rowsOf(page).nth(index).getByRole("cell").allInnerTexts();
      expect(cells.slice(0, 6)).toEqual([
        entry.prompt,
        entry.match === "semantic" ? "by meaning" : "equal only",
        entry.model,
        entry.tags.join(", "),
        String(entry.hits),
        `${entry.answerBytes} B`,
      ]);
    }
    await page.getByText(`4 entries, newest first; looked at 4 of ${entries.length}`).waitFor();
  });

  it("are searched by prompt, tag, model and namespace", async () => {
    const page = await scene.open("/admin#entries");
    const search = (name: string, text: string) => page.getByRole("searchbox", { name, exact: true }).fill(text);
    await search("Prompt", "PASSWORD");
    await shows(() => rowsOf(page).allInnerTexts()).toEqual([expect.stringContaining("How do I reset my password?")]);
    await search("Prompt", "");
    await search("Tag", "v1,other");
    await shows(() => rowsOf(page).allInnerTexts()).toEqual([expect.stringContaining("capital of France")]);
    await search("Tag", "");
    await search("Namespace", "staging");
    await shows(() => rowsOf(page).allInnerTexts()).toEqual([expect.stringContaining("10 miles")]);
    await search("Namespace", "");
    await search("Model", "gpt-4o");
    await shows(() => rowsOf(page).allInnerTexts()).toEqual([expect.stringContaining("exercise")]);
    await search("Older than", "soon");
    await page.getByText('older_than is "soon", not a duration').waitFor();
    await scene.closePages(/400/);
  });

  it("are inspected: prompt, answer and facts", async () => {
    const page = await scene.open("/admin#entries");
    await page.getByRole("button", { name: "What is the capital of France?" }).click();
    const { entries } = await scene.admin<EntryPage>("entries?tag=v1");
    const entry = await scene.admin<DeskEntryDetail>(`entries/${entries[0]?.id}`);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "Answer" }).waitFor();
    const text = await dialog.innerText();
    for (const part of [entry.prompt, entry.id, entry.partition, entry.tenant, "faq, v1", "stop"])
      expect(text).toContain(part);
    expect(entry.answer.said?.split("\n")[0]).toContain("You asked");
    expect(text).toContain(entry.answer.said?.split("\n")[0]);
    expect(text).toContain(`${entry.usage?.inputTokens} in, ${entry.usage?.outputTokens} out`);
    await dialog.getByText("As recorded").click();
    expect(await dialog.locator("pre").innerText()).toBe(entry.answer.text);
  });

  it("are deleted for good", async () => {
    const page = await scene.open("/admin#entries");
    await page.getByRole("button", { name: "How do I reset my password?" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Delete this entry" }).click();
    await dialog.getByRole("button", { name: "Keep it" }).click();
    await dialog.getByRole("button", { name: "Delete this entry" }).click();
    await dialog.getByRole("button", { name: "Delete it for good" }).click();
    await page.getByText("The entry is deleted").waitFor();
    await shows(() => rowsOf(page).count()).toBe(3);
    expect((await scene.admin<DeskStats>("stats")).store.entries).toBe(3);
    expect((await scene.ask("How do I reset my password?")).outcome).toContain("miss");
  });

  it("are invalidated only after they were counted", async () => {
    const page = await scene.open("/admin#entries");
    await page.getByRole("button", { name: "Invalidate…" }).click();
    const dialog = page.getByRole("dialog");
    const remove = dialog.getByRole("button", { name: /^Remove/ });
    expect(await dialog.getByRole("button", { name: "Count" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Tags (any of)").fill("faq, none");
    expect(await remove.isDisabled()).toBe(true);
    await dialog.getByRole("button", { name: "Count" }).click();
    await dialog.getByText("This would remove 1 entry (").waitFor();
    expect((await scene.admin<DeskStats>("stats")).store.entries).toBe(4);
    // Another choice has to be counted anew.
    await dialog.getByLabel("Model").fill("gpt-4o");
    expect(await remove.isDisabled()).toBe(true);
    await dialog.getByRole("button", { name: "Count" }).click();
    await dialog.getByText("No entry fits: nothing would be removed.").waitFor();
    expect(await remove.isDisabled()).toBe(true);
    await dialog.getByLabel("Tags (any of)").fill("");
    await dialog.getByRole("button", { name: "Count" }).click();
    await dialog.getByRole("button", { name: "Remove 1 entry" }).click();
    await page.getByText("Removed 1 entry").waitFor();
    await shows(() => rowsOf(page).count()).toBe(3);
    expect((await scene.ask("What are the benefits of exercise?", { model: "gpt-4o" })).outcome).toContain("miss");
  });

  it("are all invalidated, and a wrong condition is told", async () => {
    const page = await scene.open("/admin#entries");
    await page.getByRole("button", { name: "Invalidate…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Older than").fill("yesterday");
    await dialog.getByRole("button", { name: "Count" }).click();
    await dialog.getByText(/older_than is "yesterday", not a duration/).waitFor();
    await dialog.getByLabel("Everything, of all tenants").check();
    await dialog.getByRole("button", { name: "Count" }).click();
    await dialog.getByRole("button", { name: "Remove 4 entries" }).click();
    await page.getByRole("heading", { name: "Nothing is stored yet." }).waitFor();
    expect((await scene.admin<DeskStats>("stats")).store.entries).toBe(0);
    await scene.closePages(/400/);
  });
});
