import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLines, type TextLine } from "./text-lines.ts";

async function linesOf(chunks: readonly Uint8Array[], maxBytes = 1_000): Promise<TextLine[]> {
  const lines: TextLine[] = [];
  for await (const line of readLines(from(chunks), { maxBytes })) lines.push(line);
  return lines;
}

async function* from(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const texts = (lines: readonly TextLine[]) => lines.map((line) => (line.kind === "text" ? line.text : line.why));

describe("readLines", () => {
  it.each<[string, string[], number[]]>([
    ["", [], []],
    ["a", ["a"], [1]],
    ["a\n", ["a"], [1]],
    ["a\r\nb\r\n", ["a", "b"], [1, 2]],
    ["\n\n a \n  \nb", [" a ", "b"], [3, 5]],
    ["\uFEFFa\nb\uFEFF", ["a", "b\uFEFF"], [1, 2]],
    ["é\u2028x\ny", ["é\u2028x", "y"], [1, 2]],
  ])("of %j", async (text, expected, numbers) => {
    const lines = await linesOf([Buffer.from(text)]);
    expect(texts(lines)).toEqual(expected);
    expect(lines.map(({ number }) => number)).toEqual(numbers);
  });

  it("are the same however the bytes are cut", async () => {
    const line = fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/g, ""));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, cuts) => {
        const bytes = Buffer.from(lines.join("\n"));
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(await linesOf(chunks)).toEqual(await linesOf([bytes]));
      }),
    );
  });

  it("tells of a line that is too long, keeps nothing of it, and goes on", async () => {
    const chunks = ["ab", "c".repeat(8), "d\nnext", "\n", "0123456789", "\n0123456789x"].map((text) =>
      Buffer.from(text),
    );
    const lines = await linesOf(chunks, 10);
    expect(texts(lines)).toEqual([
      "it has 11 bytes, at most 10 are read",
      "next",
      "0123456789",
      "it has 11 bytes, at most 10 are read",
    ]);
  });

  it("tells of bytes that are not UTF-8", async () => {
    const lines = await linesOf([Buffer.from([0x61, 0xff, 0x0a, 0x62])]);
    expect(texts(lines)).toEqual(["it is not UTF-8", "b"]);
  });
});
