import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scrollTopFor, toRowWindow } from "./row-window.ts";

const views = fc.record({
  scrollTop: fc.integer({ min: 0, max: 1_000_000 }),
  height: fc.integer({ min: 1, max: 2_000 }),
  rowHeight: fc.integer({ min: 20, max: 200 }),
  rows: fc.integer({ min: 0, max: 10_000 }),
});

describe("toRowWindow", () => {
  it("has every row that can be seen, and few others", () => {
    fc.assert(
      fc.property(views, (view) => {
        const { first, end } = toRowWindow(view);
        const inView = (row: number) =>
          (row + 1) * view.rowHeight > view.scrollTop && row * view.rowHeight < view.scrollTop + view.height;
        for (let row = 0; row < view.rows; row++) if (inView(row)) expect(row >= first && row < end).toBe(true);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(view.rows);
        expect(end - first).toBeLessThanOrEqual(Math.ceil(view.height / view.rowHeight) + 18);
      }),
      { numRuns: 50 },
    );
  });
});

describe("scrollTopFor", () => {
  it("brings a row into view, and moves nothing where it is", () => {
    const view = { scrollTop: 500, height: 200, rowHeight: 50 };
    expect(scrollTopFor(10, view)).toBe(500);
    expect(scrollTopFor(13, view)).toBe(500);
    expect(scrollTopFor(9, view)).toBe(450);
    expect(scrollTopFor(14, view)).toBe(550);
  });
});
