import { createServer, request as httpRequest, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { contrast } from "./contrast.ts";
import { DeskScene, figure, shows, tabOf } from "./desk-scene.ts";

const tabNames = ["Overview", "Decisions", "Entries", "Playground"];
const attack = '<script>alert(1)</script><img src=x onerror="alert(2)">';

describe.skipIf(chromiumPath === null)("the page as a whole", () => {
  let scene: DeskScene;
  beforeAll(async () => {
    scene = await DeskScene.start({ settings: { telemetry: { log_prompts: true } } });
    await scene.ask("What is the capital of France?");
    await scene.ask("Tell me the capital of France");
    await scene.ask("What is the capital of Spain?");
    await scene.ask(attack, { headers: [["x-semcache-tags", "a-tag"]] });
  });
  afterAll(() => scene?.close());
  afterEach(() => scene.closePages());

  it("has each tab in its address, and the browser's back", async () => {
    const page = await scene.open();
    for (const name of tabNames) {
      await tabOf(page, name).click();
      await shows(async () => new URL(page.url()).hash).toBe(`#${name.toLowerCase()}`);
      await shows(() => tabOf(page, name).getAttribute("aria-selected")).toBe("true");
    }
    await page.goBack();
    await shows(() => tabOf(page, "Entries").getAttribute("aria-selected")).toBe("true");
  });

  it("shows prompts as text, whatever is in them", async () => {
    const page = await scene.open("/admin#decisions");
    await page.getByText("Prompts are kept (telemetry.log_prompts).").waitFor();
    await page.locator(".grid-rows [role=row]").filter({ hasText: attack }).click();
    await page.getByRole("dialog").getByText(attack).first().waitFor();
    await page.getByRole("button", { name: "Show the entry" }).waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await tabOf(page, "Entries").click();
    await page.getByRole("button", { name: attack }).click();
    await page.getByRole("dialog").getByText(attack).first().waitFor();
    expect(await page.locator("#desk script, #desk img").count()).toBe(0);
  });

  it("can be walked with the keyboard alone, and shows where it is", async () => {
    const page = await scene.open();
    await shows(() => figure(page, "Requests")).toBe("4");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to the content");
    expect(await page.evaluate("document.activeElement.getBoundingClientRect().top")).toBe(0);
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    expect(new URL(page.url()).hash).toBe("");
    await page.keyboard.press("Shift+Tab");
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");

    await tabOf(page, "Overview").focus();
    for (const name of ["Decisions", "Entries", "Playground", "Overview"]) {
      await page.keyboard.press("ArrowRight");
      await shows(() => focused(page)).toBe(name);
      await shows(() => tabOf(page, name).getAttribute("aria-selected")).toBe("true");
    }
    await page.keyboard.press("End");
    await shows(() => focused(page)).toBe("Playground");
    await page.keyboard.press("Home");
    // The range is a group of radio buttons: one stop, arrows inside.
    await page.getByRole("radio", { name: "24 hours" }).focus();
    await page.keyboard.press("ArrowRight");
    await shows(() => page.getByRole("radio", { name: "7 days" }).isChecked()).toBe(true);
  });

  it("keeps the focus in a dialog, closes it with Escape, and gives the focus back", async () => {
    const page = await scene.open("/admin#entries");
    const opener = page.getByRole("button", { name: "Invalidate…" });
    await opener.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    for (let step = 0; step < 20; step++) {
      await page.keyboard.press("Tab");
      // The body has the focus for the moment that the browser's own bar would have it.
      expect(
        await page.evaluate(
          "document.activeElement === document.body || document.activeElement.closest('dialog') !== null",
        ),
      ).toBe(true);
    }
    await page.keyboard.press("Escape");
    await shows(() => page.getByRole("dialog").count()).toBe(0);
    expect(await focused(page)).toBe("Invalidate…");
  });

  it("has a name for every control, and no id twice", async () => {
    const page = await scene.open();
    for (const name of tabNames) {
      await tabOf(page, name).click();
      const nameless = await page.evaluate(`[...document.querySelectorAll("button, input, select, textarea")]
        .filter((each) => !(each.innerText || each.getAttribute("aria-label") || each.labels?.length))
        .map((each) => each.outerHTML)`);
      expect(nameless).toEqual([]);
      const ids = (await page.evaluate(`[...document.querySelectorAll("[id]")].map((each) => each.id)`)) as string[];
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it("follows the system's theme, and the switch", async () => {
    const page = await scene.open("/admin", { colorScheme: "dark" });
    await shows(() => figure(page, "Requests")).toBe("4");
    const brightness = async () => {
      const colour = String(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
      return Math.max(...(colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number));
    };
    expect(await brightness()).toBeLessThan(60);
    await page.getByRole("combobox", { name: "Theme" }).selectOption("Light");
    await shows(brightness).toBeGreaterThan(200);
    await page.reload();
    await shows(brightness).toBeGreaterThan(200);
    await page.getByRole("combobox", { name: "Theme" }).selectOption("System");
    await page.emulateMedia({ colorScheme: "light" });
    await shows(brightness).toBeGreaterThan(200);
    await page.emulateMedia({ colorScheme: "dark" });
    await shows(brightness).toBeLessThan(60);
  });

  it("has enough contrast in both themes", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await scene.open("/admin", { colorScheme });
      await shows(() => figure(page, "Requests")).toBe("4");
      for (const selector of [
        ".tile .dim",
        ".tile .figure",
        ".chart figcaption",
        ".pill.live",
        ".tabs button",
        ".bars li",
      ]) {
        expect(await contrast(page, selector), `${colorScheme} ${selector}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("fits a phone without scrolling sideways", async () => {
    const page = await scene.open("/admin", { viewport: { width: 360, height: 740 }, hasTouch: true });
    await shows(() => figure(page, "Requests")).toBe("4");
    for (const name of tabNames) {
      await tabOf(page, name).tap();
      await shows(() => tabOf(page, name).getAttribute("aria-selected")).toBe("true");
      if (name === "Decisions") await page.locator(".grid-rows [role=row]").first().waitFor();
      if (name === "Entries") await page.locator("table.entries tbody tr").first().waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth"), name).toBeLessThanOrEqual(360);
    }
    await tabOf(page, "Decisions").tap();
    await page.locator(".grid-rows [role=row]").filter({ hasText: "semantic hit" }).tap();
    const box = await page.getByRole("dialog").boundingBox();
    expect(box?.width).toBeLessThanOrEqual(360);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  });

  it("says why it is refused", async () => {
    const page = await scene.open("/admin", { extraHTTPHeaders: { "x-forwarded-for": "203.0.113.9" } });
    await page.getByText("the request came through a proxy (x-forwarded-for)").waitFor();
    expect(await page.locator(".pill.disconnected").count()).toBe(1);
    await scene.closePages(/403/);
  });

  it("tells when the server is gone, and goes on by itself when it is back", async () => {
    const way = await startBreakableWay(scene.semcache.port);
    try {
      const page = await scene.open();
      await page.goto(`http://127.0.0.1:${way.port}/admin`);
      await shows(() => figure(page, "Requests")).toBe("4");
      await way.cut();
      await page.getByText("Semcache does not answer.").or(page.getByText("Not connected:")).first().waitFor();
      expect(await page.locator(".pill.disconnected").innerText()).toBe("disconnected");
      // What was shown stays.
      expect(await figure(page, "Requests")).toBe("4");
      await scene.ask("How do I reset my password?");
      await way.mend();
      await shows(() => page.locator(".pill.live").count()).toBe(1);
      await shows(() => figure(page, "Requests")).toBe("5");
    } finally {
      await way.close();
    }
    await scene.closePages(/^asked |ERR_|Failed to load|net::/);
  });
});

describe.skipIf(chromiumPath === null)("the page behind a token", () => {
  let scene: DeskScene;
  beforeAll(async () => {
    scene = await DeskScene.start({ settings: { server: { admin_token: "open sesame" } } });
  });
  afterAll(() => scene?.close());

  it("asks for it, says when it is wrong, keeps it for the tab, and locks again", async () => {
    const page = await scene.open();
    await page.getByRole("heading", { name: "Locked" }).waitFor();
    expect(await page.getByRole("tab").count()).toBe(0);
    await page.getByLabel("Token").fill("open barley");
    await page.getByRole("button", { name: "Unlock" }).click();
    await page.getByText("The token was not the right one.").waitFor();
    await page.getByLabel("Token").fill("open sesame");
    await page.keyboard.press("Enter");
    await shows(() => figure(page, "Requests")).toBe("0");
    await scene.ask("What is the capital of France?");
    await shows(() => figure(page, "Requests")).toBe("1");
    await page.reload();
    await shows(() => figure(page, "Requests")).toBe("1");
    await page.getByRole("button", { name: "Lock" }).click();
    await page.getByRole("heading", { name: "Locked" }).waitFor();
    expect(await page.evaluate("JSON.stringify([localStorage, sessionStorage])")).not.toContain("sesame");
    await scene.closePages(/401/);
  });
});

function focused(page: Page): Promise<string> {
  return page.evaluate("document.activeElement.innerText");
}

/** A relay on loopback between the page and the server that can be cut, and mended at the same port. */
async function startBreakableWay(target: number) {
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  const begin = async (port: number): Promise<number> => {
    const relay = createServer((request, response) => {
      const onward = httpRequest(
        { port: target, host: "127.0.0.1", path: request.url, method: request.method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      onward.on("error", () => response.destroy());
      response.on("close", () => onward.destroy());
      request.pipe(onward);
    });
    server = relay;
    relay.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    relay.listen(port, "127.0.0.1");
    await once(relay, "listening");
    return (relay.address() as AddressInfo).port;
  };
  const end = async () => {
    if (!server?.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const port = await begin(0);
  return { port, cut: end, mend: () => begin(port), close: end };
}
