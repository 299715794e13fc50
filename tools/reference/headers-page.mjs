// The headers, from the tables that the header policy is made of; a check finds names in the sources that no table has.
import { readFileSync, readdirSync } from "node:fs";
import { requestHeaders, responseHeaders, sharedResponseHeaders } from "../../dist/model/headers.js";
import { code, toTable } from "./markdown-table.mjs";

const list = (headers) =>
  toTable(
    ["header", "value", "meaning"],
    Object.entries(headers).map(([name, { value, meaning }]) => [code(name), value, meaning]),
  );

export function headersPage() {
  return `# Headers

## On a request

None of them reaches the provider. A value that cannot be read is a 400 \`directive-invalid\`, but for \`cache-control\`, where the stricter
reading counts. A caller can make matching stricter than the configuration, never looser.

${list(requestHeaders)}

## On an answer

A provider's own headers of these names are not passed on.

${list(responseHeaders)}

Names of HTTP and of the SDKs, which a provider may send as well:

${list(sharedResponseHeaders)}
`;
}

/** @returns {string[]} header names of ours in the sources that no table has, and those of the tables that no source has */
export function headerProblems(sources) {
  const used = new Set();
  for (const entry of readdirSync(sources, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || entry.name.includes(".test.")) continue;
    if (entry.name === "headers.ts" && entry.parentPath.endsWith("model")) continue;
    const text = readFileSync(`${entry.parentPath}/${entry.name}`, "utf8");
    for (const [name] of text.matchAll(/\bx-(?:semcache|llm|cache)-[a-z]+(?:-[a-z]+)*(?![-a-z])/g)) used.add(name);
  }
  const known = new Set([...Object.keys(requestHeaders), ...Object.keys(responseHeaders)]);
  return [
    ...Array.from(used)
      .filter((name) => !known.has(name))
      .map((name) => `src/ has the header ${name}, src/model/headers.ts does not`),
    ...Array.from(known)
      .filter((name) => name.startsWith("x-") && !used.has(name))
      .map((name) => `src/model/headers.ts has the header ${name}, no other source does`),
  ];
}
