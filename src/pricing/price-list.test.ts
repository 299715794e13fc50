import { describe, expect, it } from "vitest";
import { priceTable, pricesCompiledOn } from "./data/price-table.ts";
import { createPriceList, toUndated } from "./price-list.ts";

const price = (input: number) => ({ input, output: input * 4 });
const table = [
  {
    provider: "Example",
    source: "https://prices.example",
    asOf: "2026-10-26",
    models: { "gpt-4o": price(2.5), "gpt-4o-2024-05-13": price(5), "small-latest": { ...price(1), note: "off-peak" } },
  },
];

describe("createPriceList", () => {
  it("finds a model under its own name", () => {
    expect(createPriceList({}, table).find("gpt-4o")).toMatchObject({
      model: "gpt-4o",
      from: "table",
      provider: "Example",
      price: price(2.5),
    });
  });

  it.each(["gpt-4o-2024-08-06", "gpt-4o-20240806", "gpt-4o@20240806"])(
    "prices the snapshot %s as its model",
    (name) => {
      expect(createPriceList({}, table).find(name)?.model).toBe("gpt-4o");
    },
  );

  it("prices a snapshot that is listed itself as listed", () => {
    expect(createPriceList({}, table).find("gpt-4o-2024-05-13")?.price.input).toBe(5);
  });

  it.each([
    "gpt-4o-2024-13-06",
    "gpt-4o-2024-08-32",
    "gpt-4o-2024-0806",
    "gpt-4o-2411",
    "gpt-4o-mini",
    "gpt-4",
    "GPT-4o",
    "openai/gpt-4o",
    "ft:gpt-4o-2024-08-06:org::id",
    "small",
    "__proto__",
    "constructor",
    "",
    `${"x".repeat(3_000)}-2024-08-06`,
  ])("has no price for %s", (name) => {
    expect(createPriceList({}, table).find(name)).toBeNull();
  });

  it("prefers the configured name, for snapshots too, but not before a snapshot's own row", () => {
    const list = createPriceList({ "gpt-4o": price(9) }, table);
    expect(list.find("gpt-4o")).toMatchObject({ from: "configuration", price: price(9), provider: null });
    expect(list.find("gpt-4o-2024-08-06")?.price.input).toBe(9);
    expect(list.find("gpt-4o-2024-05-13")?.price.input).toBe(5);
  });

  it("takes the longest pattern that fits, after names", () => {
    const list = createPriceList(
      { "*": price(1), "gpt-*": price(2), "gpt-*-mini": price(3), "gpt-4o": price(4) },
      table,
    );
    expect(list.find("gpt-4o")?.price.input).toBe(4);
    expect(list.find("gpt-9-mini")?.price.input).toBe(3);
    expect(list.find("gpt-9")?.price.input).toBe(2);
    expect(list.find("other")?.model).toBe("*");
    // A prefix and a suffix that overlap in the name do not fit it.
    expect(list.find("gpt-mini")?.model).toBe("gpt-*");
  });

  it("prices a name like a model of the table, and says so", () => {
    const list = createPriceList(
      { deployed: { like: "small-latest" }, "azure-*": { like: "gpt-4o-2024-08-06" } },
      table,
    );
    expect(list.find("deployed")).toMatchObject({
      model: "deployed",
      price: price(1),
      note: "as small-latest; off-peak",
    });
    expect(list.find("azure-1")).toMatchObject({ from: "configuration", price: price(2.5), note: "as gpt-4o" });
  });

  it("refuses to price a name like a model without a price", () => {
    expect(() => createPriceList({ deployed: { like: "unheard-of" } }, table)).toThrow("unheard-of");
  });

  it("lists what is configured first, and each model once", () => {
    const list = createPriceList({ "gpt-4o": price(9), "llama-*": price(0) }, table);
    expect(list.rows.map(({ model }) => model)).toEqual(["gpt-4o", "llama-*", "gpt-4o-2024-05-13", "small-latest"]);
  });
});

describe("the table", () => {
  const rows = createPriceList().rows;

  it("has each model once, with prices that make sense", () => {
    expect(rows.length).toBeGreaterThan(100);
    expect(new Set(rows.map(({ model }) => model)).size).toBe(
      priceTable.reduce((count, { models }) => count + Object.keys(models).length, 0),
    );
    for (const { model, price: listed } of rows) {
      const { input, output, cachedInput, cacheWrite, cacheWriteHour, long } = listed;
      expect(input, model).toBeGreaterThan(0);
      expect(output, model).toBeGreaterThanOrEqual(input);
      expect(cachedInput ?? 0, model).toBeLessThan(input);
      expect(cacheWrite ?? input, model).toBeGreaterThan(cachedInput ?? 0);
      expect(cacheWriteHour ?? Infinity, model).toBeGreaterThan(cacheWrite ?? input);
      if (long) expect(long.input, model).toBeGreaterThan(input);
    }
  });

  it("says for each where it comes from and when", () => {
    for (const { source, asOf } of rows) {
      expect(source).toMatch(/^https:\/\//);
      expect(asOf).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect((asOf ?? "") <= pricesCompiledOn).toBe(true);
    }
  });

  it("has no dated snapshot that costs what its model costs", () => {
    const list = createPriceList();
    const needless = rows.filter(({ model, price: listed }) => {
      const undated = toUndated(model);
      return undated !== model && JSON.stringify(list.find(undated)?.price) === JSON.stringify(listed);
    });
    expect(needless).toEqual([]);
  });
});
