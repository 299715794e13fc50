import { parseArgs } from "node:util";
import { loadConfig } from "../../config/load.ts";
import { pricesCompiledOn } from "../../pricing/data/price-table.ts";
import { createPriceList } from "../../pricing/price-list.ts";
import { configFlags, parseCommand, toOverrides } from "../arguments.ts";
import { toPlainLine } from "../plain-text.ts";
import { encodePrices } from "./price-rows.ts";

/** `semcache prices [MODEL] [--json]`: what is listed and what the configuration says; 1 for a model without a price. */
export function runPrices(args: readonly string[]): number {
  const options = { ...configFlags, json: { type: "boolean" } } as const;
  const { values, positionals } = parseCommand(() => parseArgs({ args: [...args], options, allowPositionals: true }), {
    count: 1,
    least: 0,
    name: "one model or none",
  });
  const { config } = loadConfig({ file: values.config ?? null, overrides: toOverrides(values) });
  const list = createPriceList(config.prices);
  const [model] = positionals;
  if (model === undefined) {
    const head = { currency: "USD", per: "1,000,000 tokens", compiledOn: pricesCompiledOn };
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ ...head, prices: list.rows })}\n`
        : `US dollars per ${head.per}, list prices compiled on ${head.compiledOn}\n\n${encodePrices(list.rows)}`,
    );
    return 0;
  }
  const found = list.find(model);
  if (found === null) {
    if (values.json) process.stdout.write("null\n");
    process.stderr.write(
      `semcache: Cannot price ${toPlainLine(model)}: it is not listed, so its tokens are counted and its cost is not. Set it under prices in the configuration\n`,
    );
    return 1;
  }
  process.stdout.write(values.json ? `${JSON.stringify(found)}\n` : encodePrices([found]));
  return 0;
}
