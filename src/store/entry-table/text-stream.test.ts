import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cells } from "./cell-stream.ts";
import { readTexts, writeTexts } from "./text-stream.ts";

async function writeAndRead(texts: readonly (readonly [number, string])[]): Promise<(readonly [number, string])[]> {
  const written: Cells[] = [];
  await writeTexts({ write: async (cells) => void written.push(cells.slice()) }, texts);
  const read: (readonly [number, string])[] = [];
  await readTexts(
    {
      async read(cells) {
        const next = written.shift();
        expect(next?.constructor).toBe(cells.constructor);
        cells.set(next ?? []);
      },
    },
    texts.length,
    (slot, text) => read.push([slot, text]),
  );
  expect(written).toEqual([]);
  return read;
}

describe("texts in cells", () => {
  test("come back as they were, lone surrogates too", async () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const texts = fc.array(fc.tuple(fc.nat(2 ** 32 - 1), fc.string({ unit, maxLength: 20 })), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(texts, async (given) => {
        expect(await writeAndRead(given)).toEqual(given);
      }),
    );
  });

  test.each([
    ["many", Array.from({ length: 9_000 }, (_, slot) => [slot * 3, `${slot}`] as const)],
    [
      "long ones",
      [
        [7, "x".repeat(100_000)],
        [9, ""],
        [2, "y".repeat(65_535)],
        [3, "zz"],
      ] as const,
    ],
  ])("are written some at a time: %s", async (_, texts) => {
    expect(await writeAndRead(texts)).toEqual(texts);
  });
});
