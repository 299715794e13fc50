import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCsvRows, type CsvRow } from "./csv-rows.ts";

async function rowsOf(chunks: readonly Uint8Array[], maxBytes = 100_000): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  for await (const row of readCsvRows(from(chunks), { maxBytes })) rows.push(row);
  return rows;
}

async function* from(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const parse = async (text: string) => (await rowsOf([Buffer.from(text)])).map(({ fields }) => fields);

describe("readCsvRows", () => {
  it.each<[string, string[][]]>([
    ["", []],
    ["a,b", [["a", "b"]]],
    [
      "a,b\r\nc,d\r\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "a,b\nc,d\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "a,\n,b\n,",
      [
        ["a", ""],
        ["", "b"],
        ["", ""],
      ],
    ],
    ['"a,b","c ""d"" e"', [["a,b", 'c "d" e']]],
    [
      '"line\r\nbreak",x\ny,z',
      [
        ["line\r\nbreak", "x"],
        ["y", "z"],
      ],
    ],
    ['""', [[""]]],
    ['"",""""', [["", '"']]],
    ["\n\n a , b \n\n", [[" a ", " b "]]],
    ["\uFEFFkey,data\n", [["key", "data"]]],
  ])("of %j", async (text, expected) => {
    expect(await parse(text)).toEqual(expected);
  });

  it.each<[string, RegExp]>([
    ['a,b\n"c', /^Cannot read the CSV: Quote Not Closed: .*line 2/],
    ['a,"b"c', /^Cannot read the CSV: Invalid Closing Quote: .* line 1/],
    ['a,b"c"', /^Cannot read the CSV: Invalid Opening Quote: .* line 1/],
  ])("refuses %j", async (text, message) => {
    await expect(parse(text)).rejects.toThrow(message);
  });

  it("refuses what is not UTF-8, also cut off at the end", async () => {
    await expect(rowsOf([Buffer.from([0x61, 0xff])])).rejects.toThrow(/not UTF-8/);
    await expect(rowsOf([Buffer.from("aé").subarray(0, 2)])).rejects.toThrow(/not UTF-8/);
  });

  it("does not collect behind a quote that never ends", async () => {
    const chunks = Array.from({ length: 10 }, () => Buffer.from("x".repeat(30)));
    await expect(rowsOf([Buffer.from('k,d\n"'), ...chunks], 100)).rejects.toThrow(/Max Record Size: .* 100/);
    const rows = Array.from({ length: 10 }, () => Buffer.from(`${"x".repeat(30)},"${"y".repeat(30)}"\n`));
    expect(await rowsOf(rows, 100)).toHaveLength(10);
  });

  it("gives the line on which a record ends", async () => {
    const rows = await rowsOf([Buffer.from('a\n"b\nb"\n\nc')]);
    expect(rows.map(({ number }) => number)).toEqual([1, 3, 5]);
  });

  it("reads what was written, however it is cut", async () => {
    const field = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"', ",", "\r\n", '"a",', "")).filter(
      // The decoder takes a mark at the very beginning away.
      (text) => !text.startsWith("\uFEFF") && text.isWellFormed(),
    );
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }));
    await fc.assert(
      fc.asyncProperty(table, fc.array(fc.nat()), async (rows, cuts) => {
        const text = rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(",")).join("\r\n");
        const bytes = Buffer.from(text);
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
        const read = await rowsOf(at.slice(1).map((end, index) => bytes.subarray(at[index], end)));
        expect(read.map(({ fields }) => fields)).toEqual(rows);
      }),
    );
  });
});
