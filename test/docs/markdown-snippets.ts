/**
 * The fenced blocks of a page, and what is to be done with each. What stands after the language decides:
 *
 *     ```sh                      run (also js, python); yaml is a configuration of Semcache, json and jsonl parse
 *     ```sh norun: <reason>      shown only; yaml, json and jsonl have to parse all the same
 *     ```console                 commands with what they print: the page's own test compares them (test/integration/docs-*.test.ts)
 *     ```text                    not code: output, formulas
 */
export interface Snippet {
  /** Counted from 1: the line of the opening fence. */
  readonly line: number;
  readonly language: SnippetLanguage;
  readonly text: string;
  /** Null: it is run. */
  readonly norun: string | null;
}

const languages = ["sh", "js", "python", "yaml", "json", "jsonl", "console", "text"] as const;
export type SnippetLanguage = (typeof languages)[number];

/** Shown, but nothing that could be run here: they need their reason, and nothing of them is looked at. */
const foreign: ReadonlySet<string> = new Set(["dockerfile", "ini", "promql", "toml", "diff", "http", "csv"]);

const FENCE = /^( *)(`{3,}|~{3,})(.*)$/;

/** @throws {Error} for a block that cannot be placed, with its line */
export function findSnippets(markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  let open: { indent: string; fence: string; info: string; line: number; body: string[] } | null = null;
  for (const [index, text] of markdown.split("\n").entries()) {
    const [, indent = "", fence = "", info = ""] = FENCE.exec(text) ?? [];
    if (open === null) {
      if (fence !== "") open = { indent, fence, info: info.trim(), line: index + 1, body: [] };
    } else if (fence.startsWith(open.fence) && info.trim() === "") {
      const snippet = toSnippet(open.info, open.line, open.body.join("\n"));
      if (snippet) snippets.push(snippet);
      open = null;
    } else {
      open.body.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text);
    }
  }
  if (open) throw new Error(`Cannot read the block of line ${open.line}: it has no end`);
  return snippets;
}

function toSnippet(info: string, line: number, text: string): Snippet | null {
  const [, name = "", rest = ""] = /^(\S*)\s*(.*)$/.exec(info) ?? [];
  const reason = /^norun: *(.*)$/.exec(rest)?.[1] ?? null;
  if (rest !== "" && reason === null)
    throw new Error(`Cannot place the block of line ${line}: "${rest}" is not "norun: <reason>"`);
  if (reason !== null && reason.length < 10)
    throw new Error(`Cannot place the block of line ${line}: norun needs a reason that says something`);
  const language = languages.find((known) => known === name);
  if (language) return { line, language, text, norun: language === "text" ? "it is text" : reason };
  if (foreign.has(name) && reason !== null) return null;
  const why = name === "" ? "it names no language" : `nothing here can run ${name}; say norun: <reason>`;
  throw new Error(`Cannot place the block of line ${line}: ${why}`);
}
