/**
 * A row of the table.
 *
 * @typedef {object} Figure
 * @property {string} part
 * @property {string} name
 * @property {string} unit
 * @property {number} median
 * @property {number} low with `high` the spread: the middle half of the samples, or the range of a few
 * @property {number} high
 * @property {{ readonly median: number, readonly low: number, readonly high: number }} [p99] beside the median, over the
 *   same runs
 * @property {number} count of samples
 * @property {{ readonly atLeast?: number, readonly atMost?: number } | null} target null: told, not judged
 */

/** @param {Figure} figure @returns {boolean | null} null: there is no target */
export function meetsTarget({ median, target }) {
  if (target === null) return null;
  return median >= (target.atLeast ?? -Infinity) && median <= (target.atMost ?? Infinity);
}

/** @param {readonly Figure[]} figures */
export function encodeTable(figures) {
  const hasP99 = figures.some(({ p99 }) => p99 !== undefined);
  const head = ["part", "figure", "median", "spread", ...(hasP99 ? ["p99", "spread"] : []), "samples", "target", ""];
  const rows = figures.map((figure) => [
    figure.part,
    figure.name,
    `${toText(figure.median)} ${figure.unit}`.trim(),
    `${toText(figure.low)} to ${toText(figure.high)}`,
    ...(hasP99 ? toP99Texts(figure) : []),
    String(figure.count),
    toTargetText(figure),
    { true: "met", false: "MISSED", null: "" }[String(meetsTarget(figure))],
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function toP99Texts({ p99, unit }) {
  if (p99 === undefined) return ["", ""];
  return [`${toText(p99.median)} ${unit}`.trim(), `${toText(p99.low)} to ${toText(p99.high)}`];
}

function toTargetText({ target, unit }) {
  if (target === null) return "";
  const text = target.atLeast === undefined ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
  return `${text} ${unit}`.trim();
}

export function toText(value) {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 1000) return value.toFixed(0);
  return Math.abs(value) >= 100 ? value.toFixed(1) : value.toFixed(3);
}
