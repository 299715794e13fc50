import { describe, expect, test } from "vitest";
import { createFloat64Column, createUint32Column, NONE } from "./column.ts";

const layout = { chunkCells: 4, shards: 2, blockSlots: 4 };

describe("column", () => {
  test("keeps its values while it grows by chunks", () => {
    const column = createFloat64Column(layout);
    const values = [0, 2 ** 53, -1, 0.1, Number.POSITIVE_INFINITY, 5, 6, 7, 8];
    for (const [index, value] of values.entries()) column.set(index, value);
    expect(values.map((_, index) => column.get(index))).toEqual(values);
    expect(column.memoryBytes).toBe(3 * 4 * 8);
  });

  test("may be written first beyond its first chunk", () => {
    const column = createUint32Column(layout);
    column.set(9, NONE);
    expect(column.get(9)).toBe(NONE);
    expect(column.memoryBytes).toBe(3 * 4 * 4);
  });

  test("adds to all and is empty again", () => {
    const column = createFloat64Column(layout);
    for (let index = 0; index < 6; index++) column.set(index, index);
    column.addToAll(-2);
    expect([0, 3, 5].map((index) => column.get(index))).toEqual([-2, 1, 3]);
    column.clear();
    expect(column.memoryBytes).toBe(0);
    column.set(5, 1);
    expect(column.get(5)).toBe(1);
  });
});
