import type { TokenPrices } from "../../pricing/price.ts";
import type { PriceMatch } from "../../pricing/price-list.ts";
import { toPlainLine } from "../plain-text.ts";

const titles = ["model", "input", "output", "cached", "written", "for 1 h", "as of", "from"] as const;
/** Figures stand under each other. */
const FIRST_FIGURE = 1;
const LAST_FIGURE = 5;

/** One model a line, under it a line for its long inputs; then the pages of the providers, each once. */
export function encodePrices(matches: readonly PriceMatch[]): string {
  const rows = matches.flatMap(toLines);
  const widths = titles.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return index >= FIRST_FIGURE && index <= LAST_FIGURE ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  const sources = new Map(matches.flatMap(({ provider, source }) => (provider && source ? [[provider, source]] : [])));
  return [
    line(titles),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map(line),
    ...(sources.size === 0 ? [] : ["", ...Array.from(sources, ([provider, source]) => `${provider}: ${source}`)]),
    "",
  ].join("\n");
}

function toLines({ model, price, from, provider, asOf, note }: PriceMatch): string[][] {
  const { long } = price;
  const where = [provider, from === "configuration" && "configuration", note].filter(Boolean).join("; ");
  return [
    [toPlainLine(model), ...toFigures(price), asOf ?? "", toPlainLine(where)],
    ...(long
      ? [[`  above ${long.aboveInputTokens.toLocaleString("en-US")} input tokens`, ...toFigures(long), "", ""]]
      : []),
  ];
}

function toFigures({ input, output, cachedInput, cacheWrite, cacheWriteHour }: TokenPrices): string[] {
  return [input, output, cachedInput, cacheWrite, cacheWriteHour].map((dollars) =>
    dollars === undefined
      ? "-"
      : dollars.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 }),
  );
}
