import { describe, expect, it } from "vitest";
import { createProgressBar, toBytes, toCount } from "./progress-bar.ts";

function terminal(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { written, isTTY, columns, write: (text: string) => written.push(text) };
}

describe("the progress bar", () => {
  it("draws one line over itself on a terminal, and takes it away", () => {
    const stream = terminal(true);
    const bar = createProgressBar(stream, { label: "export", total: 200 });
    bar.show(50, "50 entries");
    bar.show(51, "too soon after the one before");
    bar.end();
    expect(stream.written).toEqual(["\r\u001B[Kexport [######..................] 25%  50 entries", "\r\u001B[K"]);
  });

  it("is no longer than a line, and has no bar where the whole is not known", () => {
    const stream = terminal(true, 20);
    createProgressBar(stream, { label: "import", total: 0 }).show(7, "7 lines and much more to tell");
    expect(stream.written).toEqual(["\r\u001B[Kimport  7 lines and"]);
  });

  it("has the usual width where the terminal says none", () => {
    const stream = terminal(true, 0);
    createProgressBar(stream, { label: "import", total: 0 }).show(7, "7 lines");
    expect(stream.written).toEqual(["\r\u001B[Kimport  7 lines"]);
  });

  it("is nothing anywhere else", () => {
    const stream = terminal(false);
    const bar = createProgressBar(stream, { label: "export", total: 2 });
    bar.show(1, "x");
    bar.end();
    expect(stream.written).toEqual([]);
  });
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [123_456, "123 kB"],
  [5_600_000_000, "5.6 GB"],
])("%d bytes are %s", (bytes, text) => {
  expect(toBytes(bytes)).toBe(text);
});

it("counts with a word that fits", () => {
  expect([toCount(1, "entry", "entries"), toCount(12_345, "entry", "entries")]).toEqual(["1 entry", "12,345 entries"]);
});
