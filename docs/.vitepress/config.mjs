// The site that is made of these pages: `npm run docs` shows it while it is written, `npm run docs:build` builds it into
// docs/.vitepress/dist and fails where a link leads nowhere.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

const docs = fileURLToPath(new URL("..", import.meta.url));
const root = resolve(docs, "..");
const { repository } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));

const page = (text, link) => ({ text, link });
const titleOf = (file) => /^# (.+)$/m.exec(readFileSync(file, "utf8"))?.[1] ?? file;
const decisions = readdirSync(resolve(docs, "decisions"))
  .filter((name) => name.endsWith(".md"))
  .toSorted()
  .map((name) => page(titleOf(resolve(docs, "decisions", name)), `/decisions/${name.replace(/\.md$/, "")}`));

const sidebar = [
  {
    text: "Start",
    items: [
      page("What it is", "/"),
      page("Getting started", "/getting-started"),
      page("By client", "/clients"),
      page("When to use it, and when not", "/when-to-use"),
    ],
  },
  {
    text: "Matching",
    items: [
      page("How matching works", "/matching"),
      page("How often hits are right", "/quality"),
      page("Proof: a recorded day", "/proof"),
      page("Tuning", "/tuning"),
      page("Shadow mode", "/shadow-mode"),
      page("Feedback", "/feedback"),
      page("The guard, kind by kind", "/guard"),
    ],
  },
  {
    text: "Operating",
    items: [
      page("Configuration", "/configuration"),
      page("Deploying", "/deploying"),
      page("When an alert fires", "/operating"),
      page("Admin API", "/admin"),
      page("Dashboard", "/dashboard"),
      page("Money and tokens", "/money"),
      page("Traces", "/traces"),
      page("Entries: moving and warming", "/entries"),
      page("Stale answers", "/stale-answers"),
      page("What is kept, and where", "/store"),
      page("Security", "/security"),
    ],
  },
  {
    text: "Coming from",
    items: [
      page("The first Semcache", "/migration/first-semcache"),
      page("GPTCache", "/migration/gptcache"),
      page("LiteLLM's cache", "/migration/litellm"),
      page("Portkey's cache", "/migration/portkey"),
    ],
  },
  {
    text: "Reference",
    items: [
      page("Settings", "/reference/configuration"),
      page("Headers", "/reference/headers"),
      page("Reasons", "/reference/reasons"),
      page("Error codes", "/reference/errors"),
      page("Metrics", "/reference/metrics"),
      page("Command line", "/reference/cli"),
    ],
  },
  {
    text: "Inside",
    collapsed: true,
    items: [
      page("Architecture", "/architecture"),
      page("Speed", "/speed"),
      page("What a lookup costs", "/lookup-cost"),
      page("Figures of the store", "/store-figures"),
      ...decisions,
    ],
  },
].map((group) => ({ ...group, items: group.items.filter(({ link }) => isPage(link)) }));

export default defineConfig({
  title: "Semcache",
  description: "A caching proxy for LLM APIs",
  lang: "en-US",
  cleanUrls: true,
  srcExclude: ["node_modules/**"],
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  markdown: {
    // Pages are Markdown and nothing else, here as in any other viewer: `<name>` in a sentence is text.
    html: false,
    config(markdown) {
      markdown.core.ruler.push("semcache-fences", languageOnly);
      markdown.core.ruler.push("semcache-links", linksOutOfTheSite);
    },
  },
  themeConfig: {
    sidebar,
    outline: [2, 3],
    search: { provider: "local" },
    docFooter: { prev: false, next: false },
  },
});

function isPage(link) {
  return existsSync(resolve(docs, `.${link === "/" ? "/index" : link}.md`));
}

/** What stands after the language says how test/docs/ runs a snippet; VitePress would take it for line numbers. */
function languageOnly(state) {
  for (const token of state.tokens) if (token.type === "fence") token.info = token.info.trim().split(/\s/)[0];
}

/** Files beside docs/ are no pages of the site: their links go to the repository where package.json names it, else they are text. */
function linksOutOfTheSite(state) {
  const from = resolve(docs, state.env.relativePath ?? "index.md");
  for (const { children } of state.tokens) {
    for (const [index, token] of (children ?? []).entries()) {
      if (token.type !== "link_open") continue;
      const href = token.attrGet("href");
      if (href === null || /^(?:[a-z]+:|#|\/)/.test(href)) continue;
      const path = href.replace(/#.*$/, "");
      const target = resolve(dirname(from), decodeURIComponent(path));
      const inSite = !relative(docs, target).startsWith("..");
      // A folder has no page of its own in the site.
      if (inSite && !path.endsWith("/")) continue;
      if (!existsSync(target)) throw new Error(`${state.env.relativePath} links to ${href}, which does not exist`);
      if (repository) {
        const base = String(repository.url ?? repository).replace(/^git\+/, "").replace(/\.git$/, "");
        token.attrSet("href", `${base}/blob/main/${relative(root, target)}`);
        continue;
      }
      const close = children.findIndex((other, at) => at > index && other.type === "link_close");
      for (const hidden of [token, children[close]]) Object.assign(hidden, { type: "text", tag: "", nesting: 0, content: "", attrs: null });
    }
  }
}
