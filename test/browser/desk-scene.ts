import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import type { Clock } from "#semcache/base/clock.js";
import { ask, chat, type Answer, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import { launchChromium } from "./chromium.ts";

/** How long the page may take to show what the server has told it. */
const PATIENCE = { timeout: 15_000, interval: 50 };

export interface DeskOptions {
  readonly settings?: { readonly [key: string]: unknown };
  readonly clock?: Clock;
}

/** The built server before an imitation provider, and a browser; what goes wrong in a page fails its test. */
export class DeskScene {
  readonly semcache: RunningSemcache;
  readonly provider: ImitationProvider;
  readonly #browser: Browser;
  readonly #token: string | null;
  readonly #faults: string[] = [];
  #pages: Page[] = [];

  private constructor(semcache: RunningSemcache, provider: ImitationProvider, browser: Browser, token: string | null) {
    this.semcache = semcache;
    this.provider = provider;
    this.#browser = browser;
    this.#token = token;
  }

  static async start({ settings = {}, clock }: DeskOptions = {}): Promise<DeskScene> {
    const provider = await startImitationProvider();
    const [semcache, browser] = await Promise.all([
      startSemcache(provider.url, settings, clock ? { clock } : {}),
      launchChromium(),
    ]);
    const { admin_token: token } = (settings["server"] ?? {}) as { admin_token?: string };
    return new DeskScene(semcache, provider, browser, token ?? null);
  }

  /** A page in a browser profile of its own. */
  async open(path = "/admin", context: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await this.#browser.newContext({ locale: "en-US", ...context })).newPage();
    this.#pages.push(page);
    page.setDefaultTimeout(PATIENCE.timeout);
    // Violations of the policy are told here too.
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.#faults.push(message.text());
    });
    page.on("pageerror", (error) => this.#faults.push(String(error.stack)));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== this.semcache.url && protocol !== "data:") this.#faults.push(`asked ${request.url()}`);
    });
    await page.goto(`${this.semcache.url}${path}`);
    return page;
  }

  /** `expected`: what the browser is known to say of what the test does, a refused request for one. */
  async closePages(expected: RegExp | null = null): Promise<void> {
    const pages = this.#pages.splice(0);
    await Promise.all(pages.map((page) => page.context().close()));
    const faults = this.#faults.splice(0).filter((fault) => !expected?.test(fault));
    expect(faults).toEqual([]);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.semcache.close();
    await this.provider.close();
  }

  ask(prompt: string, { model = "gpt-4o-mini", headers = [] as HeaderList } = {}): Promise<Answer> {
    return ask(this.semcache.port, {
      headers: [["authorization", "Bearer sk-desk"], ...headers],
      body: chat(prompt, { model }),
    });
  }

  /** What the admin API itself says. */
  async admin<T>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.semcache.url}/semcache/v1/admin/${path}`, {
      ...(body && { method: "POST", body: JSON.stringify(body) }),
      headers: {
        ...(body && { "content-type": "application/json" }),
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
      },
    });
    if (!response.ok) throw new Error(`Cannot ask the admin API: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.semcache.url}/metrics`)).text();
  }
}

/** Waits until the page says so. */
export function shows(read: () => Promise<unknown>) {
  return expect.poll(read, PATIENCE);
}

export function tabOf(page: Page, name: string) {
  return page.getByRole("tab", { name });
}

/** The text of a tile's figure. */
export function figure(page: Page, name: string): Promise<string> {
  return page
    .locator(".tile")
    .filter({ has: page.getByRole("heading", { name, exact: true }) })
    .locator(".figure")
    .innerText();
}
