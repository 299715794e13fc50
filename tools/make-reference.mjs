// Writes docs/reference/ from the tables in the code, so that the two cannot disagree; --check only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { configSchema } from "../dist/config/schema.js";
import { errorCodes } from "../dist/base/errors.js";
import { bypassReasons, missReasons, notStoredReasons, staleCauses } from "../dist/model/reason.js";
import { cliPage } from "./reference/cli-page.mjs";
import { configurationPage, listSettings } from "./reference/configuration-page.mjs";
import { headerProblems, headersPage } from "./reference/headers-page.mjs";
import { code, toTable } from "./reference/markdown-table.mjs";
import { metricsPage } from "./reference/metrics-page.mjs";
import { unknownNames } from "./reference/names-in-pages.mjs";

const folder = fileURLToPath(new URL("../docs/reference/", import.meta.url));
const generated = "<!-- Made from the tables in src/ by tools/make-reference.mjs; edit those. -->";
const list = (reasons) =>
  toTable(
    ["code", "meaning"],
    Object.entries(reasons).map(([reason, meaning]) => [code(reason), meaning]),
  );

const pages = {
  "cli.md": `${generated}\n${cliPage()}`,
  "configuration.md": `${generated}\n${configurationPage()}`,
  "errors.md": `${generated}
# Error codes

Semcache's own errors carry \`x-semcache-error: <code>\` and a body in the shape of the route's API. Those that a retry
cannot mend carry \`x-should-retry: false\`. The provider's errors pass through untouched and carry none of this.

${toTable(
  ["code", "status", "retry", "meaning"],
  Object.entries(errorCodes)
    .filter(([, { status }]) => status !== null)
    .map(([error, { status, retry, meaning }]) => [code(error), status, retry ? "may help" : "no", meaning]),
)}

Codes that never reach a client: the cache turns them into misses, the command line into exit codes.

${toTable(
  ["code", "meaning"],
  Object.entries(errorCodes)
    .filter(([, { status }]) => status === null)
    .map(([error, { meaning }]) => [code(error), meaning]),
)}
`,
  "headers.md": `${generated}\n${headersPage()}`,
  "metrics.md": `${generated}\n${await metricsPage()}`,
  "reasons.md": `${generated}
# Reasons

\`x-semcache-reason\` says why nothing was served from the cache.

## \`x-cache-status: miss\`

${list(missReasons)}

## \`x-cache-status: bypass\`

No lookup was made, and nothing is stored.

${list(bypassReasons)}

## \`x-cache-status: stale\`

Here \`x-semcache-stale\` says why an answer past its time was given (see [stale answers](../stale-answers.md)).

${list(staleCauses)}

## Why an answer was not stored

In log (\`notStored\`) and metrics only.

${list(notStoredReasons)}
`,
};

let stale = false;
for (const [name, text] of Object.entries(pages)) {
  if (!process.argv.includes("--check")) {
    writeFileSync(folder + name, text);
    continue;
  }
  let present = "";
  try {
    present = readFileSync(folder + name, "utf8");
  } catch {
    // Missing counts as stale.
  }
  if (present !== text) {
    stale = true;
    console.error(`docs/reference/${name} is not what the code says: run node tools/make-reference.mjs`);
  }
}
// docs/configuration.md is written by hand, for its comments; it may not miss a key or a default.
const documented = parse(
  /```yaml\n([\s\S]*?)```/.exec(readFileSync(new URL("../docs/configuration.md", import.meta.url), "utf8"))[1],
);
const { eviction_policy: _, ...cache } = documented.cache;
if (
  JSON.stringify(sorted(configSchema.parse({}))) !==
  JSON.stringify(sorted(configSchema.parse({ ...documented, cache })))
) {
  stale = true;
  console.error("docs/configuration.md has other defaults than src/config/schema.ts");
}
for (const key of leaves(configSchema.parse({}))) {
  if (key.split(".").reduce((node, name) => node?.[name], documented) === undefined) {
    stale = true;
    console.error(`docs/configuration.md does not have ${key}`);
  }
}
for (const { key, description } of listSettings()) {
  if (description === undefined) {
    stale = true;
    console.error(`src/config/schema.ts does not describe ${key}`);
  }
}
const root = fileURLToPath(new URL("../", import.meta.url));
for (const problem of [...headerProblems(`${root}src/`), ...(await unknownNames(root))]) {
  stale = true;
  console.error(problem);
}
process.exit(stale ? 1 : 0);

function leaves(node, prefix = "") {
  if (node === null || typeof node !== "object" || Array.isArray(node)) return [prefix];
  return Object.entries(node).flatMap(([key, value]) => leaves(value, prefix === "" ? key : `${prefix}.${key}`));
}

function sorted(node) {
  if (node === null || typeof node !== "object" || Array.isArray(node)) return node;
  return Object.fromEntries(
    Object.keys(node)
      .sort()
      .map((key) => [key, sorted(node[key])]),
  );
}
