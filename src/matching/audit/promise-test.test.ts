import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPromiseBroken, toRateInterval } from "./promise-test.ts";

describe("isPromiseBroken", () => {
  test.each([
    [{ audited: 0, wrong: 0 }, 0.01, false],
    [{ audited: 10_000, wrong: 0 }, 0.01, false],
    [{ audited: 1, wrong: 1 }, 0.01, false],
    [{ audited: 3, wrong: 2 }, 0.01, true],
    [{ audited: 1_000, wrong: 10 }, 0.01, false],
    [{ audited: 1_000, wrong: 40 }, 0.01, true],
    [{ audited: 1_000, wrong: 40 }, 0.05, false],
    [{ audited: 1, wrong: 1 }, 0, true],
    [{ audited: 9, wrong: 9 }, 1, false],
  ])("%j at %d: %s", (counts, promised, broken) => {
    expect(isPromiseBroken(counts, promised)).toBe(broken);
  });

  test("right hits never break it, wrong ones never mend it", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(50), fc.double({ min: 0.001, max: 0.5, noNaN: true }), (right, wrong, rate) => {
        const now = isPromiseBroken({ audited: right + wrong, wrong }, rate);
        const oneRightMore = isPromiseBroken({ audited: right + wrong + 1, wrong }, rate);
        const oneWrongMore = isPromiseBroken({ audited: right + wrong + 1, wrong: wrong + 1 }, rate);
        expect(oneRightMore && !now).toBe(false);
        expect(now && !oneWrongMore).toBe(false);
      }),
    );
  });

  test("a promise that is just kept is hardly ever called broken, looked at after every audit", () => {
    const random = seeded(7);
    let alarms = 0;
    for (let run = 0; run < 1_000; run++) {
      let wrong = 0;
      for (let audited = 1; audited <= 1_000; audited++) {
        if (random() >= 0.02) continue;
        wrong++;
        // Right ones never break it: this is as good as after every audit.
        if (isPromiseBroken({ audited, wrong }, 0.02)) {
          alarms++;
          break;
        }
      }
    }
    // Ville: at most 1%; of 1,000 runs more than 25 would happen less than once in 10,000 times.
    expect(alarms).toBeLessThan(25);
  });

  test("one that is broken five times over is found out", () => {
    const random = seeded(8);
    let wrong = 0;
    let audited = 0;
    while (audited < 2_000 && !isPromiseBroken({ audited, wrong }, 0.01)) {
      audited++;
      if (random() < 0.05) wrong++;
    }
    expect(audited).toBeLessThan(500);
  });

  test.each([
    [0.01, 0.02],
    [0.001, 0.005],
    [0.1, 0.15],
  ])("a promise of %d is not kept by a rate of %d, and that is found out", (promised, rate) => {
    const audited = 20_000;
    expect(isPromiseBroken({ audited, wrong: audited * rate }, promised)).toBe(true);
  });
});

describe("toRateInterval", () => {
  test("says nothing without data, and narrows", () => {
    expect(toRateInterval({ audited: 0, wrong: 0 })).toEqual([0, 1]);
    const [, upper] = toRateInterval({ audited: 1_000, wrong: 0 });
    expect(upper).toBeGreaterThan(0.003);
    expect(upper).toBeLessThan(0.01);
    const [low, high] = toRateInterval({ audited: 1_000, wrong: 50 });
    expect(low).toBeGreaterThan(0.02);
    expect(low).toBeLessThan(0.05);
    expect(high).toBeGreaterThan(0.05);
    expect(high).toBeLessThan(0.09);
    expect(toRateInterval({ audited: 3, wrong: 3 })[1]).toBe(1);
  });

  test("holds the true rate at every moment, nearly always", () => {
    const random = seeded(9);
    let outside = 0;
    for (let run = 0; run < 100; run++) {
      let wrong = 0;
      for (let audited = 1; audited <= 300; audited++) {
        if (random() < 0.1) wrong++;
        const [low, high] = toRateInterval({ audited, wrong });
        if (low > 0.1 || high < 0.1) {
          outside++;
          break;
        }
      }
    }
    expect(outside).toBeLessThan(14);
  });
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    // mulberry32
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
