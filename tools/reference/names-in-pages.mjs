// Names that pages use and the code does not have: headers, metrics, settings, variables.
import { readFileSync, readdirSync } from "node:fs";
import { readEnvironment } from "../../dist/config/environment.js";
import { requestHeaders, responseHeaders } from "../../dist/model/headers.js";
import { createMetrics } from "../../dist/telemetry/metrics.js";
import { listSettings } from "./configuration-page.mjs";

/** Members of the lines of import and export, which look like metrics. */
const transfer = new Set(["semcache_entry", "semcache_exchange", "semcache_headers", "semcache_put"]);
/** Variables of benches and tests, which configure nothing. */
const ofTools = /^SEMCACHE_(?:BENCH|TEST|KILL|DAMAGE|PROPERTY|SEED)/;

/** An attribute of spans, which OpenTelemetry has named. */
const attribute = "server.address";

/** @param {string} root the repository, with a slash at its end @returns {Promise<string[]>} */
export async function unknownNames(root) {
  const families = new Set((await createMetrics().families()).map(({ name }) => name));
  const headers = new Set([...Object.keys(requestHeaders), ...Object.keys(responseHeaders)]);
  const settings = listSettings().map(({ key }) => key);
  const kinds = [
    ["header", /\bx-(?:semcache|llm|cache)-[a-z]+(?:-[a-z]+)*(?![-a-z*])/g, (name) => headers.has(name)],
    [
      "metric",
      /\bsemcache_[a-z0-9]+(?:_[a-z0-9]+)*(?![_*])/g,
      (name) => families.has(name.replace(/_(?:bucket|sum|count)$/, "")) || families.has(name) || transfer.has(name),
    ],
    [
      "setting",
      /(?<=`)(?:server|upstream|cache|matching|embedding|store|telemetry)\.[a-z_]+(?:\.[a-z_]+)*(?=[`:])/g,
      (name) =>
        name === attribute ||
        settings.some((key) => key === name || key.startsWith(`${name}.`) || name.startsWith(`${key}.`)),
    ],
    [
      "variable",
      /\bSEMCACHE_[A-Z]+(?:_{1,2}[A-Z]+)*(?![-_<*])/g,
      (name) => ofTools.test(name) || readEnvironment({ [name]: "" }).warnings.length === 0,
    ],
  ];
  return pagesOf(root).flatMap((path) => {
    const prose = readFileSync(root + path, "utf8").replaceAll(/^( *)(`{3,}).*norun:[\s\S]*?^\1\2 *$/gm, "");
    return kinds.flatMap(([kind, pattern, isKnown]) =>
      Array.from(new Set(prose.match(pattern)))
        .filter((name) => !isKnown(name))
        .map((name) => `${path} names the ${kind} ${name}, which the code does not have`),
    );
  });
}

function pagesOf(root) {
  const below = readdirSync(`${root}docs`, { recursive: true })
    .filter((name) => name.endsWith(".md") && !/(?:^|[/\\])(?:node_modules|\.vitepress|reference)[/\\]/.test(name))
    .map((name) => `docs/${name}`);
  return ["README.md", "CHANGELOG.md", ...below.toSorted()];
}
