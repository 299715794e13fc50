// How long the dashboard takes to be seen, in a real browser.
// Method: the built server in a process of its own with a few hundred requests behind it, and Chromium, headless, on
// the same machine. Each cold load has a new browser profile, so that nothing is cached; the warm one is a second visit
// in the same profile. First contentful paint and load event are the browser's own (PerformancePaintTiming,
// PerformanceNavigationTiming), from the start of the navigation; "figures shown" is when the first figure is in the
// page, told by a mutation observer. Without Chromium only the page's weight is told, on standard error why.
import { existsSync, readdirSync, statSync } from "node:fs";
import { chromium } from "playwright-core";
import { Child } from "../support/child.mjs";
import { load } from "../support/load.mjs";
import { chatBody, toHttpRequest } from "../support/requests.mjs";
import { summarize } from "../support/statistics.mjs";

const PART = "dashboard-page";
const MAX_KILOBYTES = 150;
const SMALLEST_RUNS = 3;
/** A load takes far longer than a request: of the samples of a latency a tenth. */
const SAMPLES_PER_RUN = 10;
const REQUESTS_BEHIND = 300;

const executablePath =
  process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));

/** @param {import("../support/effort.mjs").Effort} effort @returns {Promise<import("../support/table.mjs").Figure[]>} */
export async function measureDashboardPage({ samples, nodeOptions = [] }) {
  const figures = [...weigh()];
  if (executablePath === undefined) {
    process.stderr.write(" Chromium is missing (apt-get install chromium, or CHROMIUM): no load times;");
    return figures;
  }
  const provider = await Child.start("provider-server.mjs", {});
  const semcache = await Child.start("semcache-server.mjs", { providerPort: provider.port }, nodeOptions);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const request = toHttpRequest(chatBody({ bytes: 1024, prompt: "What is the capital of France?" }));
    await load(semcache.port, { connections: 4, count: REQUESTS_BEHIND, next: () => request });
    const runs = Math.max(SMALLEST_RUNS, Math.round(samples / SAMPLES_PER_RUN));
    const times = { cold: [], warm: [] };
    // The first load starts the browser's own processes.
    for (let run = -1; run < runs; run++) {
      const visit = await visitTwice(browser, `http://127.0.0.1:${semcache.port}/admin`);
      if (run < 0) continue;
      times.cold.push(visit.cold);
      times.warm.push(visit.warm);
    }
    for (const [kind, visits] of Object.entries(times)) {
      for (const [name, key] of [
        ["first contentful paint", "paintMs"],
        ["load event", "loadMs"],
        ["figures shown", "shownMs"],
      ])
        figures.push({
          part: PART,
          name: `${kind}: ${name}`,
          unit: "ms",
          ...summarize(visits.map((visit) => visit[key])),
          target: null,
        });
    }
  } finally {
    await browser.close();
    await semcache.stop();
    await provider.stop();
  }
  return figures;
}

function* weigh() {
  const folder = new URL("../../dist/dashboard/files/", import.meta.url);
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.(?:html|css|js)$/.test(name));
  const sum = (suffix) => files.reduce((all, name) => all + statSync(new URL(name + suffix, folder)).size, 0) / 1000;
  const figure = (name, value, target) => ({
    part: PART,
    name,
    unit: "kB",
    count: 1,
    median: value,
    low: value,
    high: value,
    target,
  });
  yield figure("weight, all files", sum(""), { atMost: MAX_KILOBYTES });
  yield figure("weight, as sent (brotli)", sum(".br"), null);
}

async function visitTwice(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => {
    new MutationObserver((_changes, observer) => {
      if (!document.querySelector(".tile .figure")) return;
      observer.disconnect();
      globalThis.shownMs = performance.now();
    }).observe(document, { childList: true, subtree: true });
  });
  const visit = async () => {
    await page.goto(url, { waitUntil: "load" });
    await page.locator(".tile .figure").first().waitFor();
    return page.evaluate(() => ({
      paintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
      loadMs: performance.getEntriesByType("navigation")[0].loadEventStart,
      shownMs: globalThis.shownMs,
    }));
  };
  try {
    return { cold: await visit(), warm: await visit() };
  } finally {
    await context.close();
  }
}
