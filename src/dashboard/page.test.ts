import { runInNewContext } from "node:vm";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { sampleReport } from "../../test/support/sample-report.ts";
import { createTotals } from "../telemetry/totals.ts";
import { escapeHtml, renderDashboardPage } from "./page.ts";
import { pageScript } from "./page-script.ts";

const attack = `<script>alert(1)</script><img src=x onerror=alert(2)>"'&`;

/** As much of a document as the page's program uses; whoever would set HTML finds no such member. */
class FakeNode {
  readonly tag: string;
  #text = "";
  className = "";
  hidden = false;
  value = "";
  colSpan = 1;
  children: FakeNode[] = [];
  readonly listeners: Record<string, (event: { preventDefault(): void }) => void> = {};

  constructor(tag: string) {
    this.tag = tag;
    Object.preventExtensions(this);
  }

  get textContent(): string {
    return this.#text + this.children.map(({ textContent }) => textContent).join(" ");
  }

  set textContent(text: string) {
    this.#text = text;
    this.children = [];
  }

  append(...children: FakeNode[]): void {
    this.children.push(...children);
  }

  replaceChildren(...children: FakeNode[]): void {
    this.children = children;
  }

  addEventListener(name: string, listener: (event: { preventDefault(): void }) => void): void {
    this.listeners[name] = listener;
  }
}

function runPage(answer: (path: string, authorization: string | undefined) => { status: number; body: unknown }) {
  const html = renderDashboardPage({ nonce: "n", version: "1", tokenRequired: true });
  const nodes = new Map(
    [...html.matchAll(/<(\w+)[^>]* id="([\w-]+)"/g)].map(([, tag = "", id = ""]) => [id, new FakeNode(tag)]),
  );
  const storage = new Map<string, string>();
  const timers: (() => void)[] = [];
  const asked: string[] = [];
  runInNewContext(pageScript, {
    document: {
      hidden: false,
      getElementById: (id: string) => nodes.get(id) ?? null,
      createElement: (tag: string) => new FakeNode(tag),
    },
    sessionStorage: {
      getItem: (key: string) => storage.get(key) ?? null,
      setItem: (key: string, value: string) => storage.set(key, value),
    },
    fetch: async (path: string, { headers }: { headers: Record<string, string> }) => {
      asked.push(path);
      const { status, body } = answer(path, headers["authorization"]);
      return { ok: status === 200, status, json: async () => JSON.parse(JSON.stringify(body)) as unknown };
    },
    setTimeout: (callback: () => void) => timers.push(callback),
  });
  const node = (id: string) => {
    const found = nodes.get(id);
    if (!found) throw new Error(`The page has no ${id}`);
    return found;
  };
  return { node, asked, timers, storage };
}

function goodAnswer(path: string) {
  if (path !== "/dashboard-metrics") {
    const guard = [{ code: "guard-quote" as const, a: attack, b: "", effect: "veto" as const }];
    const miss = sampleReport({
      cacheStatus: "miss",
      match: null,
      reason: "guard-quote",
      guard,
      model: attack,
      similarity: 0.98,
    });
    const expired = sampleReport({ cacheStatus: "stale", stale: "provider-5xx" });
    const prompts = { asked: attack, matched: attack };
    return { status: 200, body: { decisions: [{ ...miss, prompts }, sampleReport(), expired], next: null } };
  }
  const totals = createTotals();
  totals.add(sampleReport());
  totals.add(sampleReport({ cacheStatus: "miss", match: null, reason: "frame-new", notStored: "status" }));
  totals.add(sampleReport({ cacheStatus: "stale", stale: "provider-5xx" }));
  const store = { kind: "memory", entries: 1_234, bytes: 5_242_880, maxEntries: null, maxBytes: 4_294_967_296 };
  const stats = { state: "ready", parts: [], startedAt: "2026-01-02T03:04:05Z", store, totals: totals.snapshot() };
  return { status: 200, body: { stats } };
}

async function settle() {
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

describe("renderDashboardPage", () => {
  it("lets nothing run or style but under the nonce, and loads nothing", () => {
    const html = renderDashboardPage({ nonce: "abc", version: "2.0.0", tokenRequired: false });
    expect([...html.matchAll(/<(script|style)\b[^>]*>/g)].map(([tag]) => tag)).toEqual([
      '<style nonce="abc">',
      '<script nonce="abc">',
    ]);
    expect(html).not.toMatch(/https?:|\bsrc=|@import|url\(|\son\w+=|\sstyle=/);
    expect(html.match(/<\/script>/g)).toHaveLength(1);
  });

  it("escapes what it is given", () => {
    const html = renderDashboardPage({ nonce: attack, version: attack, tokenRequired: true });
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain("<img");
    expect(escapeHtml(attack)).toBe(
      "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;&quot;&#39;&amp;",
    );
  });

  it("has no way to make HTML of text", () => {
    expect(pageScript).not.toMatch(
      /innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|DOMParser|\.href|setAttribute/,
    );
  });
});

describe("the page's program", () => {
  it("shows counters, reasons and decisions, prompts as text", async () => {
    const page = runPage(goodAnswer);
    await settle();
    expect(page.node("content").hidden).toBe(false);
    expect(page.node("notice").hidden).toBe(true);
    expect(page.node("state").textContent).toBe("ready");
    expect(page.node("cards").textContent).toMatch(/Hit rate 66.7 %.*Entries 1,234.*Cache size 5 MiB of 4 GiB/);
    expect(page.node("reasons").textContent).toMatch(/miss frame-new 1/);
    expect(page.node("reasons").textContent).toMatch(/stale provider-5xx 1/);
    const [first, second, third] = page.node("decisions").children;
    expect(first?.textContent).toContain(attack);
    expect(first?.textContent).toContain("guard-quote");
    expect(second?.textContent).toContain("hit, exact");
    expect(third?.textContent).toMatch(/stale, exact provider-5xx/);
    expect(page.asked).toEqual(["/dashboard-metrics", "/semcache/v1/admin/decisions?limit=50"]);
    expect(page.timers).toHaveLength(1);
  });

  it("asks for the token, keeps it for the tab, and unlocks", async () => {
    const page = runPage((path, authorization) =>
      authorization === "Bearer open sesame" ? goodAnswer(path) : { status: 401, body: { error: { message: "no" } } },
    );
    await settle();
    expect(page.node("unlock").hidden).toBe(false);
    expect(page.node("content").hidden).toBe(true);
    expect(page.node("message").textContent).toContain("server.admin_token");
    page.node("token").value = "open sesame";
    page.node("unlock").listeners["submit"]?.({ preventDefault: () => undefined });
    await settle();
    expect(page.node("content").hidden).toBe(false);
    expect([...page.storage.values()]).toEqual(["open sesame"]);
    expect(page.node("token").value).toBe("");
  });

  it("tells why it cannot show anything, and tries again", async () => {
    const page = runPage(() => ({ status: 403, body: { error: { message: `off: ${attack}` } } }));
    await settle();
    expect(page.node("message").textContent).toContain(attack);
    expect(page.node("unlock").hidden).toBe(true);
    expect(page.timers).toHaveLength(1);
  });
});
