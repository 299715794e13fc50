import { meetsTarget, toText } from "../support/table.mjs";

/** Figures as rows, numbers of entries as columns; a figure that misses its target has a mark. */
export function encodeSizeTable(figures) {
  const sizes = [...new Set(figures.map(({ size }) => size))].toSorted((a, b) => a - b);
  const names = [...new Set(figures.map(({ name }) => name))];
  const rows = names.map((name) => {
    const bySize = new Map(figures.filter((figure) => figure.name === name).map((figure) => [figure.size, figure]));
    const [first] = bySize.values();
    const { target } = [...bySize.values()].find(({ target }) => target !== null) ?? first;
    return [
      name,
      first.unit,
      ...sizes.map((size) => toCell(bySize.get(size))),
      target === null ? "" : target.atLeast === undefined ? `<= ${target.atMost}` : `>= ${target.atLeast}`,
    ];
  });
  const head = ["figure", "unit", ...sizes.map((size) => size.toLocaleString("en")), "target"];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells) =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line), "! missed"].join("\n");
}

function toCell(figure) {
  if (figure === undefined) return "";
  return `${toText(figure.median)}${meetsTarget(figure) === false ? " !" : ""}`;
}
