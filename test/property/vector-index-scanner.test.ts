import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CentreTable } from "#semcache/vector-index/centre-table.js";
import { CELL_VECTORS, CodeCells } from "#semcache/vector-index/code-cells.js";
import { quantise } from "#semcache/vector-index/quantised-vector.js";
import { QuantisedRows } from "#semcache/vector-index/quantised-rows.js";
import { RowTable } from "#semcache/vector-index/row-table.js";
import { createClusteredVectors, createNumbers, toUnit } from "../integration/vector-index-scene.ts";

const dimensions = fc.constantFrom(1, 3, 8, 15, 16, 17, 24, 100, 384);

function vectors(length: number, most: number): fc.Arbitrary<Int8Array[]> {
  const vector = fc.int8Array({ minLength: length, maxLength: length, min: -127 });
  return fc.array(vector, { minLength: 1, maxLength: most });
}

const tables = dimensions.chain((length) =>
  fc.tuple(vectors(length, 40), vectors(length, 1), fc.integer({ min: 1, max: 50 })),
);

function dot(one: Int8Array, other: Int8Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}

function toTable(rows: readonly Int8Array[]): RowTable {
  const table = new RowTable(rows[0]?.length ?? 0);
  for (const [row, values] of rows.entries()) table.set(row, values);
  return table;
}

function toQuantised(vector: Float32Array): Int8Array {
  const quantised = new Int8Array(vector.length);
  quantise(vector, quantised, 0);
  return quantised;
}

describe("rows", () => {
  test("the nearest are those with the largest dot products, best first, each once", () => {
    fc.assert(
      fc.property(tables, ([rows, [query = new Int8Array(1)], wanted]) => {
        const table = toTable(rows);
        const products = rows.map((row) => dot(row, query));
        const best = products.toSorted((a, b) => b - a).slice(0, wanted);
        const numbers = Int32Array.from(rows.keys());
        for (const { labels, scores } of [table.nearest(query, wanted), table.nearestOf(numbers, query, wanted)]) {
          expect([...scores]).toEqual(best);
          expect(Array.from(labels, (label) => products[label])).toEqual(best);
          expect(new Set(labels).size).toBe(labels.length);
        }
      }),
    );
  });

  test("products, products of pairs and sums are those of plain loops, and tables come back from their bytes", () => {
    fc.assert(
      fc.property(tables, fc.infiniteStream(fc.nat(1)), ([rows, [query = new Int8Array(1)]], marks) => {
        const table = toTable(rows);
        expect([...table.products(query)]).toEqual(rows.map((row) => dot(row, query)));
        const pairs = toTable([...rows, ...rows.toReversed()]);
        expect([...pairs.pairProducts()]).toEqual(rows.map((row, at) => dot(row, rows.at(-1 - at) ?? row)));
        const marked = Uint8Array.from(rows, () => marks.next().value);
        const sum = Array.from(query, (_, at) =>
          rows.reduce((whole, row, number) => whole + (marked[number] === 1 ? (row[at] ?? 0) : 0), 0),
        );
        expect([...table.sum(marked, 1)]).toEqual(sum);
        const again = new RowTable(query.length);
        again.extend(rows.length).set(table.copy(0, table.size));
        expect(Array.from(rows, (_, row) => [...again.at(row)])).toEqual(rows.map((row) => [...row]));
      }),
    );
  });
});

test("rows by key are in as many tables as they need, are found in all, and come back in pieces", () => {
  const rows = new QuantisedRows(5, 5 * 4096);
  const next = createNumbers(3);
  const all = Int8Array.from({ length: 9_000 * 5 }, () => Math.round(next() * 100));
  const at = (key: number) => all.subarray(key * 5, key * 5 + 5);
  for (let key = 0; key < 9_000; key++) rows.set(key, at(key));
  const again = new QuantisedRows(5, 5 * 4096);
  const bytes = Buffer.concat([...rows.pieces(9_000)]);
  let read = 0;
  for (const room of again.extend(9_000)) {
    room.set(bytes.subarray(read, read + room.length));
    read += room.length;
  }
  expect(read).toBe(bytes.length);
  const query = Int8Array.of(3, -20, 50, 7, 90);
  const keys = Int32Array.from({ length: 3_000 }, (_, number) => (number * 7) % 9_000);
  const best = Array.from(keys, (key) => dot(at(key), query)).toSorted((a, b) => b - a);
  for (const table of [rows, again]) {
    const { labels, scores } = table.nearestOf(keys, query, 40);
    expect([...scores]).toEqual(best.slice(0, 40));
    expect(Array.from(labels, (key) => dot(table.at(key), query))).toEqual(best.slice(0, 40));
    expect(labels.every((label) => keys.includes(label))).toBe(true);
    expect(Math.min(...labels)).toBeLessThan(4096);
    expect(Math.max(...labels)).toBeGreaterThan(8192);
  }
});

describe("cells of signs", () => {
  /** As the paper has it: of query minus centre, the sum over the signs of vector minus centre, times squared length by sum of absolute values. */
  function estimate(vector: Int8Array, centre: Int8Array | null, query: Int8Array): number {
    const away = Array.from(vector, (value, at) => value - (centre?.[at] ?? 0));
    const length = away.reduce((sum, value) => sum + Math.abs(value), 0);
    const squares = away.reduce((sum, value) => sum + value * value, 0);
    const middle = centre ?? new Int8Array(vector.length);
    const beyond = away.reduce(
      (sum, value, at) => sum + (value > 0 ? 1 : -1) * ((query[at] ?? 0) - (middle[at] ?? 0)),
      0,
    );
    const exact = dot(middle, query) + away.reduce((sum, value, at) => sum + value * (middle[at] ?? 0), 0);
    return exact + (length === 0 ? 0 : (beyond * squares) / length);
  }

  test("estimates are those of the formula, whatever came and went", () => {
    const step = fc.record({ cell: fc.nat(2), isRemoved: fc.boolean(), lane: fc.nat(CELL_VECTORS) });
    const scene = dimensions.chain((length) =>
      fc.tuple(vectors(length, 30), vectors(length, 3), fc.array(step, { maxLength: 150 })),
    );
    fc.assert(
      fc.property(scene, ([pool, centres, steps]) => {
        const [query = new Int8Array(1)] = pool;
        const cells = new CodeCells(query.length);
        const opened = [0, 1, 2].map(() => cells.open());
        const centreOf = (cell: number): Int8Array | null => centres[cell] ?? null;
        const model = opened.map((): number[] => []);
        let label = 0;
        for (const { cell, isRemoved, lane } of steps) {
          const labels = model[cell] ?? [];
          if (isRemoved && labels.length > 0) {
            const at = lane % labels.length;
            const last = labels.pop() ?? -1;
            const moved = cells.remove(cell, at);
            expect(moved).toBe(at === labels.length ? null : last);
            if (moved !== null) labels[at] = last;
          } else if (!isRemoved) {
            expect(cells.append(cell, label, pool[label % pool.length] ?? query, centreOf(cell))).toBe(labels.length);
            labels.push(label++);
          }
        }
        for (const cell of opened) expect(cells.labels(cell)).toEqual(model[cell]);
        const runs = opened.map((cell) => cells.runOf(cell, dot(centreOf(cell) ?? new Int8Array(0), query)));
        const again = new CodeCells(query.length);
        const bytes = cells.toBytes();
        again.room(bytes.length).set(bytes);
        again.restore(cells.sizes());
        for (const { labels, scores } of [cells, again].map((each) => each.nearest(query, runs, { wanted: 500 }))) {
          expect([...labels].sort((a, b) => a - b)).toEqual(model.flat().sort((a, b) => a - b));
          // The steps of the table are coarse: off by half a step for each four values at most.
          const reach = Math.max(
            1,
            ...Array.from({ length: Math.ceil(query.length / 4) }, (_, at) =>
              Math.hypot(1, 2 * query.subarray(at * 4, at * 4 + 4).reduce((sum, value) => sum + Math.abs(value), 0)),
            ),
          );
          for (const [at, found] of labels.entries()) {
            const cell = model.findIndex((known) => known.includes(found));
            const vector = pool[found % pool.length] ?? query;
            const centre = centreOf(cell);
            const away = Array.from(vector, (value, index) => value - (centre?.[index] ?? 0));
            const length = away.reduce((sum, value) => sum + Math.abs(value), 0);
            const factor = length === 0 ? 0 : away.reduce((sum, value) => sum + value * value, 0) / length;
            const tolerance = 1 + factor * (reach / 63 / 2) * Math.ceil(query.length / 4) * 1.01;
            expect(Math.abs((scores[at] ?? 0) - estimate(vector, centre, query))).toBeLessThanOrEqual(tolerance);
          }
        }
        const few = cells.nearest(query, runs, { wanted: 3 }).scores.toSorted();
        const every = cells.nearest(query, runs, { wanted: 500 }).scores.toSorted();
        expect(few).toEqual(every.slice(-3));
        const bar = every[Math.floor(every.length / 2)] ?? 0;
        const above = cells.nearest(query, runs, { wanted: 500, least: bar });
        expect(above.scores.toSorted()).toEqual(every.filter((score) => score > bar));
      }),
    );
  });
});

test("among thousands of centres, nearly all of the nearest are found by their signs", () => {
  const DIMENSIONS = 96;
  const centres = createClusteredVectors(3000, DIMENSIONS, 5).map(toQuantised);
  const table = new CentreTable(DIMENSIONS);
  for (const [row, centre] of centres.entries()) table.set(row, centre);
  // As when cells are given up, and their numbers used again.
  for (let row = 2999; row >= 2900; row--) table.pop();
  for (let row = 2900; row < 3000; row++) table.set(row, centres[row] ?? new Int8Array(DIMENSIONS));
  for (let row = 0; row < 50; row++) table.set(row, centres[row] ?? new Int8Array(DIMENSIONS));
  const restored = new CentreTable(DIMENSIONS);
  restored.restore(table.toBytes());
  const exact = toTable(centres);
  let found = 0;
  let first = 0;
  let above = 0;
  const next = createNumbers(7);
  for (const near of centres.slice(0, 200)) {
    const query = toQuantised(toUnit(Float32Array.from(near, (value) => value / 100 + next())));
    const expected = exact.nearest(query, 50).labels;
    if (table.nearest(query, 1).labels[0] === expected[0]) first++;
    const { labels, scores } = table.nearest(query, 50);
    expect(labels).toHaveLength(50);
    // What was kept says the same, and says it again.
    for (let round = 0; round < 2; round++) {
      const again = table.nearestAgain(query, 50, Number.NEGATIVE_INFINITY);
      expect([...again.labels, ...again.scores]).toEqual([...labels, ...scores]);
    }
    expect(restored.nearest(query, 50).labels.toSorted()).toEqual(labels.toSorted());
    found += labels.filter((label) => expected.includes(label)).length;
    const bar = dot(centres[expected[20] ?? 0] ?? query, query);
    above += table
      .nearestAgain(query, 1_000, bar)
      .labels.filter((label) => expected.indexOf(label) >= 0 && expected.indexOf(label) <= 20).length;
  }
  expect(first).toBeGreaterThanOrEqual(198);
  expect(found / 10_000).toBeGreaterThan(0.85);
  expect(above / 4_200).toBeGreaterThan(0.95);
});
