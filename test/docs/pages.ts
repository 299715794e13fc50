import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Page {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** README.md and every page below docs/. */
export function readPages(): readonly Page[] {
  const below = readdirSync(`${root}docs`, { recursive: true, encoding: "utf8" })
    .map((name) => `docs/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".md") && !path.includes("/node_modules/") && !path.includes("/.vitepress/"));
  return ["README.md", ...below.sort()].map((path) => ({ path, text: readFileSync(`${root}${path}`, "utf8") }));
}
