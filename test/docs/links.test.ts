// Links between pages, to files and to headings lead somewhere. Links into the web are not followed.
import { existsSync, statSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readPages, root } from "./pages.ts";

const pages = new Map(readPages().map((page) => [page.path, page.text]));

describe.each(Array.from(pages, ([path, text]) => ({ path, text })))("$path", ({ path, text }) => {
  it("has no dead links", () => {
    expect(linksOf(text).flatMap((link) => problemOf(path, link) ?? [])).toEqual([]);
  });
});

function linksOf(text: string): string[] {
  const prose = text.replaceAll(/^( *)(`{3,})[\s\S]*?^\1\2 *$/gm, "").replaceAll(/`[^`\n]*`/g, "");
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, link = ""]) => link).filter(
    (link) => !/^[a-z]+:/.test(link),
  );
}

function problemOf(page: string, link: string): string | null {
  const [path = "", heading] = link.split("#");
  const target = path === "" ? `${root}${page}` : resolve(root, dirname(page), decodeURIComponent(path));
  if (!existsSync(target)) return `${link}: no such file`;
  if (heading === undefined || statSync(target).isDirectory()) return null;
  const text = pages.get(relative(root, target).replaceAll("\\", "/"));
  if (text === undefined) return null;
  return headingsOf(text).has(heading) ? null : `${link}: no such heading`;
}

/** As GitHub makes them, which VitePress's are equal to for the headings that we have. */
function headingsOf(text: string): ReadonlySet<string> {
  const prose = text.replaceAll(/^( *)(`{3,})[\s\S]*?^\1\2 *$/gm, "");
  return new Set(
    Array.from(prose.matchAll(/^#{1,6} +(.+?) *$/gm), ([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(/\s/g, "-"),
    ),
  );
}
