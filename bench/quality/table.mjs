/**
 * A table before it has a form.
 *
 * @typedef {object} Table
 * @property {string} title
 * @property {string} note what must be known to read it
 * @property {readonly string[]} head the first column is text, the others are figures
 * @property {readonly (readonly string[])[]} rows
 * @property {number} [summaryRows] how many of the last rows sum up the others
 */

/** @param {Table} table */
export function toTerminal({ title, note, head, rows, summaryRows = 0 }) {
  const widths = head.map((name, column) =>
    Math.max(...[name, ...rows.map((row) => row[column])].map((cell) => cell.length)),
  );
  const line = (cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd();
  const rule = line(widths.map((width) => "-".repeat(width)));
  const border = rows.length - summaryRows;
  const body = rows.flatMap((row, index) => (index === border && index > 0 ? [rule, line(row)] : [line(row)]));
  return [title, "", line(head), rule, ...body, ...(note === "" ? [] : ["", note])].join("\n");
}

/** @param {Table} table */
export function toMarkdown({ title, note, head, rows, summaryRows = 0 }) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const border = rows.length - summaryRows;
  const body = rows.map((row, index) =>
    line(index < border ? row : row.map((cell) => (cell === "" ? "" : `**${cell}**`))),
  );
  const rule = line(head.map((_, column) => (column === 0 ? "---" : "---:")));
  return [`## ${title}`, "", line(head), rule, ...body, "", note].join("\n");
}

/** @param {Table} table */
export function toHtml({ title, note, head, rows, summaryRows = 0 }) {
  const border = rows.length - summaryRows;
  const cells = (row, tag) =>
    row.map(
      (cell, column) => `<${column === 0 ? "th scope=row" : tag}>${escapeHtml(cell)}</${column === 0 ? "th" : tag}>`,
    );
  const body = rows.map((row, index) => `<tr${index < border ? "" : " class=sum"}>${cells(row, "td").join("")}</tr>`);
  const top = head.map((name) => `<th scope=col>${escapeHtml(name)}</th>`).join("");
  return `<section><h2>${escapeHtml(title)}</h2><div class=scroll><table><thead><tr>${top}</tr></thead><tbody>
${body.join("\n")}
</tbody></table></div><p class=note>${escapeHtml(note)}</p></section>`;
}

/** @param {string} text */
export function escapeHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
