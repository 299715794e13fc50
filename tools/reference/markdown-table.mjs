/** A table in Markdown. In cells bars are escaped, and outside of code what would begin an HTML tag. */
export function toTable(head, rows) {
  const escaped = (cell) =>
    String(cell)
      .replaceAll("|", "\\|")
      .replaceAll(/`[^`]*`|</g, (found) => (found === "<" ? "\\<" : found));
  const line = (cells) => `| ${cells.map(escaped).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

export const code = (text) => `\`${text}\``;
