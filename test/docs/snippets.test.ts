// Every runnable snippet of README.md and docs/ is run: against the built product and an imitation provider, with the
// client libraries that it names. The convention of the fences is in markdown-snippets.ts.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "#semcache/config/load.js";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import { findSnippets, type Snippet } from "./markdown-snippets.ts";
import { readPages } from "./pages.ts";
import { SnippetDesk, type Outcome } from "./snippet-desk.ts";

/** The interpreter of the environment that `npm run test:clients` makes. */
const python = process.env["SEMCACHE_TEST_PYTHON"];
/** What is made from the code is not written by anybody. */
const pages = readPages().filter(({ path, text }) => !path.startsWith("docs/reference/") && text.includes("```"));
const missing = ["bash", "curl"].filter((command) => spawnSync(command, ["--version"]).status !== 0);

if (!python)
  process.stdout.write(
    "skipped: Python snippets of the documentation; `npm run test:clients` installs what they need\n",
  );
if (missing.length > 0)
  process.stdout.write(`skipped: shell snippets of the documentation; they need ${missing.join(" and ")}\n`);

/** What a page has said already, word for word, is run once. */
const said = new Map<string, string>();

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url);
});
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

describe.each(pages)("$path", ({ path, text }) => {
  const snippets = place(text);
  const runnable = snippets.filter(
    ({ norun, language }) => norun === null && ["sh", "js", "python"].includes(language),
  );

  let desk: SnippetDesk | undefined;
  beforeAll(async () => {
    if (runnable.length > 0) desk = await SnippetDesk.open({ port: semcache.port, providerUrl: provider.url });
  });
  afterAll(() => desk?.close());

  for (const snippet of snippets) {
    const { language, line, text } = snippet;
    const before = said.get(`${language} ${text}`);
    if (before === undefined) said.set(`${language} ${text}`, `${path}, line ${line}`);
    const norun = snippet.norun ?? (before === undefined ? null : `as in ${before}`);
    const name = `line ${line}, ${language}${norun === null ? "" : `: ${norun}`}`;
    const skipped = norun === null && ((language === "python" && !python) || (language === "sh" && missing.length > 0));
    (skipped ? it.skip : it)(name, { timeout: 150_000 }, () => check(path, { ...snippet, norun }, () => desk));
  }
});

it("docs/matching.md: its examples of hits and misses are what the product says", async () => {
  const page = pages.find(({ path }) => path === "docs/matching.md")?.text ?? "";
  const rows = Array.from(
    page.matchAll(/^\| ([^|]+) \| ([^|]+) \| (hit|miss)(?:: `([a-z-]+)`)? \|$/gm),
    ([, a = "", b = "", verdict = "", reason = ""]) => ({ a, b, verdict, reason }),
  );
  expect(rows.length).toBeGreaterThan(3);
  const answer = await fetch(`${semcache.url}/semcache/v1/admin/similarity`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ pairs: rows.map(({ a, b }) => ({ a, b })) }),
  });
  const { results } = (await answer.json()) as { results: readonly { verdict: string; reason: string | null }[] };
  expect(results.map(({ verdict, reason }, index) => [rows[index]?.b, verdict, rows[index]?.reason && reason])).toEqual(
    rows.map(({ b, verdict, reason }) => [b, verdict, reason]),
  );
});

/** A block that cannot be placed fails a test of its page, not the collection of all. */
function place(text: string): readonly Snippet[] {
  try {
    return findSnippets(text);
  } catch (error) {
    it("has a place for each block", () => {
      throw error;
    });
    return [];
  }
}

async function check(path: string, snippet: Snippet, desk: () => SnippetDesk | undefined): Promise<void> {
  const { language, text, norun } = snippet;
  switch (language) {
    case "text":
      return;
    case "console": {
      const own = new URL(`../integration/docs-${basename(path, ".md")}.test.ts`, import.meta.url);
      expect(existsSync(own), own.pathname).toBe(true);
      return;
    }
    case "json":
      JSON.parse(text);
      return;
    case "jsonl":
      for (const line of text.split("\n")) JSON.parse(line);
      return;
    case "yaml":
      if (norun === null) checkConfiguration(text);
      else parse(text);
      return;
    case "sh":
    case "js":
    case "python": {
      const at = desk();
      if (norun !== null || !at) return;
      if (language === "sh") return expectDone(await at.runShell(text));
      const before = requestsSeen();
      expectDone(language === "js" ? await at.runJavaScript(text) : await at.runPython(python ?? "", text));
      // A line of the log comes a moment after the answer.
      await expect.poll(requestsSeen, { message: "requests that reached Semcache" }).toBeGreaterThan(before);
      return;
    }
    default:
      language satisfies never;
  }
}

/** As `semcache config check` does. */
function checkConfiguration(text: string): void {
  const folder = mkdtempSync(join(tmpdir(), "semcache-docs-"));
  try {
    writeFileSync(join(folder, "semcache.yaml"), text);
    loadConfig({ workingFolder: folder, env: {} });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function requestsSeen(): number {
  return semcache.log.lines.filter(({ msg }) => msg === "request").length;
}

function expectDone({ code, output }: Outcome): void {
  expect(code, output).toBe(0);
}
