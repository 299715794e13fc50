import { priceTable, type ProviderPrices } from "./data/price-table.ts";
import type { Price, Prices } from "./price.ts";

/** A price of the configuration: its own figures, or those of a model that has some. */
export type ConfiguredPrice = Price | { readonly like: string };

export interface PriceMatch {
  /** The name under which the price is listed: the model itself, its undated name, or a pattern of the configuration. */
  readonly model: string;
  readonly price: Price;
  readonly from: "configuration" | "table";
  /** The following are null where the configuration gives the figures. */
  readonly provider: string | null;
  /** The provider's page. */
  readonly source: string | null;
  /** The day up to which the price is known to hold, as YYYY-MM-DD. */
  readonly asOf: string | null;
  readonly note: string | null;
}

export interface PriceList extends Prices {
  /**
   * The first that is there of: the configured name; the configured pattern with the most letters; the table's name; and
   * then, for a dated snapshot (`gpt-4o-2024-08-06`, `claude-opus-4-5-20251101`, `…@20251101`), the same for its undated
   * name. Names are compared as they are written, capitals included.
   */
  find(model: string): PriceMatch | null;
  /** All that is listed, what is configured first; a row of the table that a configured name replaces is left out. */
  readonly rows: readonly PriceMatch[];
}

/** Providers' names are shorter; a caller's may be as long as a body. */
const MAX_NAME_CHARS = 256;

const SNAPSHOT_DATE = /[-@]20\d\d(-?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])$/;

/**
 * The table's prices under those of the configuration, whose names may have one `*` for any text.
 *
 * @throws {RangeError} for a `like` that names a model without a price
 */
export function createPriceList(
  configured: Readonly<Record<string, ConfiguredPrice>> = {},
  table: readonly ProviderPrices[] = priceTable,
): PriceList {
  const listed = new Map(table.flatMap(toRows).map((row) => [row.model, row]));
  const named = new Map<string, PriceMatch>();
  const patterns: { readonly prefix: string; readonly suffix: string; readonly row: PriceMatch }[] = [];
  for (const [name, given] of Object.entries(configured)) {
    const row = toConfiguredRow(name, given, listed);
    const star = name.indexOf("*");
    if (star === -1) named.set(name, row);
    else patterns.push({ prefix: name.slice(0, star), suffix: name.slice(star + 1), row });
  }
  patterns.sort((a, b) => b.row.model.length - a.row.model.length);

  const findUnder = (name: string): PriceMatch | null =>
    named.get(name) ??
    patterns.find(
      ({ prefix, suffix }) =>
        name.length >= prefix.length + suffix.length && name.startsWith(prefix) && name.endsWith(suffix),
    )?.row ??
    listed.get(name) ??
    null;
  return {
    find(model) {
      if (model.length > MAX_NAME_CHARS) return null;
      const found = findUnder(model);
      if (found !== null) return found;
      const undated = toUndated(model);
      return undated === model ? null : findUnder(undated);
    },
    rows: [
      ...named.values(),
      ...patterns.map(({ row }) => row),
      ...[...listed.values()].filter(({ model }) => !named.has(model)),
    ],
  };
}

/** A dated snapshot's name without its date; any other name as it is. */
export function toUndated(model: string): string {
  return model.replace(SNAPSHOT_DATE, "");
}

function toRows({ provider, source, asOf, models }: ProviderPrices): PriceMatch[] {
  return Object.entries(models).map(([model, { note, ...price }]) => ({
    model,
    price,
    from: "table",
    provider,
    source,
    asOf,
    note: note ?? null,
  }));
}

function toConfiguredRow(model: string, given: ConfiguredPrice, listed: ReadonlyMap<string, PriceMatch>): PriceMatch {
  if (!("like" in given)) {
    return { model, price: given, from: "configuration", provider: null, source: null, asOf: null, note: null };
  }
  const other = listed.get(given.like) ?? listed.get(toUndated(given.like));
  if (!other) throw new RangeError(`no price is listed for ${given.like}`);
  return { ...other, model, from: "configuration", note: [`as ${other.model}`, other.note].filter(Boolean).join("; ") };
}
