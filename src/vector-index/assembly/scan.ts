// What a search spends its time on, in AssemblyScript: tools/build.mjs compiles it to scan.wasm. 128-bit SIMD. Addresses
// are those of the module's memory, which Scanner lays out.

/** The best so far, in no order, and what came after them that may be better: twice as many as are wanted at most. */
let scores: usize = 0;
let labels: usize = 0;
let wanted: i32 = 0;
let size: i32 = 0;
/** What has to be beaten: as many as are wanted are as good or better. */
let least: f32 = 0;

/** Starts a search for the `count` best above the bar; scores and labels have room for twice as many of 4 bytes. */
export function begin(scoresAt: usize, labelsAt: usize, count: i32, bar: f32): void {
  scores = scoresAt;
  labels = labelsAt;
  wanted = count;
  size = 0;
  least = bar;
}

/** Where {@link scanBlocks} keeps all estimates, one after the other; 0: nowhere. */
let kept: usize = 0;

export function keepAt(address: usize): void {
  kept = address;
}

/** Goes once more through `count` estimates that were kept, a multiple of 4. Labels are their numbers. */
export function scanKept(estimates: usize, count: i32): void {
  for (let at: i32 = 0; at < count; at += 4) {
    const four = v128.load(estimates + ((<usize>at) << 2));
    if (!v128.any_true(f32x4.gt(four, f32x4.splat(least)))) continue;
    offer(f32x4.extract_lane(four, 0), at);
    offer(f32x4.extract_lane(four, 1), at + 1);
    offer(f32x4.extract_lane(four, 2), at + 2);
    offer(f32x4.extract_lane(four, 3), at + 3);
  }
}

/** How many have been found, in no order. */
export function found(): i32 {
  if (size > wanted) select();
  return size;
}

/** Brings what was found into order, best first. Returns how many there are. */
export function finish(): i32 {
  const count = found();
  // A heap with the worst on top, which goes to the end as often as there is one.
  for (let at = (count >> 1) - 1; at >= 0; at--) sink(scoreAt(at), labelAt(at), at, count);
  for (let end = count - 1; end > 0; end--) {
    const score = scoreAt(end);
    const label = labelAt(end);
    put(end, scoreAt(0), labelAt(0));
    sink(score, label, 0, end);
  }
  return count;
}

/** Dot products of a query with rows of 8-bit values. `stride` is a multiple of 16, the query 16 bits a value. */
export function scanRows(rows: usize, count: i32, stride: usize, query: usize, label: i32): void {
  let row = rows;
  let number: i32 = 0;
  for (; number + 4 <= count; number += 4) {
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    let c = i32x4.splat(0);
    let d = i32x4.splat(0);
    for (let at: usize = 0; at < stride; at += 8) {
      const values = v128.load(query + (at << 1));
      const from = row + at;
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(from), values));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load_ext<i8>(from + stride), values));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load_ext<i8>(from + 2 * stride), values));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load_ext<i8>(from + 3 * stride), values));
    }
    offer(sum(a), label + number);
    offer(sum(b), label + number + 1);
    offer(sum(c), label + number + 2);
    offer(sum(d), label + number + 3);
    row += 4 * stride;
  }
  for (; number < count; number++) {
    offer(multiply(row, query, stride), label + number);
    row += stride;
  }
}

/** As {@link scanRows}, of those rows of which the numbers are in a list. */
export function scanListedRows(rows: usize, list: usize, count: i32, stride: usize, query: usize): void {
  for (let at: i32 = 0; at < count; at++) {
    const row = rows + <usize>load<i32>(list + ((<usize>at) << 2)) * stride;
    touch(row, row + stride);
  }
  for (let at: i32 = 0; at < count; at++) {
    const label = load<i32>(list + ((<usize>at) << 2));
    offer(multiply(rows + <usize>label * stride, query, stride), label);
  }
}

/** Blocks that are read ahead at one time: they stay in the nearest cache until they are gone through. */
const TOUCHED_BLOCKS: usize = 8;

/** What was read ahead; kept so that the reading is not left out. */
let ahead: i32 = 0;

/**
 * Reads something of each line (64 bytes) of what is soon gone through and lies anywhere: the processor waits for many
 * lines at the same time, where it would otherwise compute and wait in turns.
 */
function touch(from: usize, end: usize): void {
  let read: i32 = 0;
  for (let line = from; line < end; line += 64) read ^= load<i32>(line);
  ahead ^= read;
}

/** Dot products of a query with all of the rows, one after the other (f32). */
export function multiplyRows(rows: usize, count: i32, stride: usize, query: usize, products: usize): void {
  for (let number: i32 = 0; number < count; number++, rows += stride, products += 4) {
    store<f32>(products, multiply(rows, query, stride));
  }
}

/** Dot products of rows with as many others (f32). */
export function multiplyPairs(rows: usize, others: usize, count: i32, stride: usize, products: usize): void {
  for (let number: i32 = 0; number < count; number++, rows += stride, others += stride, products += 4) {
    let a = i32x4.splat(0);
    for (let at: usize = 0; at < stride; at += 8) {
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(rows + at), v128.load_ext<i8>(others + at)));
    }
    store<f32>(products, sum(a));
  }
}

/** Adds those rows up of which the mark (a byte) is this one. The sums are i32. */
export function addRows(rows: usize, count: i32, stride: usize, marks: usize, mark: u8, sums: usize): void {
  for (let number: i32 = 0; number < count; number++, rows += stride) {
    if (load<u8>(marks + <usize>number) != mark) continue;
    for (let at: usize = 0; at < stride; at += 8) {
      const values = v128.load_ext<i8>(rows + at);
      const to = sums + (at << 2);
      v128.store(to, i32x4.add(v128.load(to), i32x4.extend_low_i16x8_s(values)));
      v128.store(to, i32x4.add(v128.load(to, 16), i32x4.extend_high_i16x8_s(values)), 16);
    }
  }
}

/**
 * Writes the signs of row minus centre, eight to a byte, 32 bytes apart, and two numbers of which the second is 128 bytes
 * behind the first (f32): the factor that makes of a sum over these signs an unbiased estimate of a dot product with the
 * difference, which is its squared length by the sum of its absolute values; and what has to be added so that only the part
 * of the query that lies beyond the centre is estimated, and the rest is exact (Gao and Long, "RaBitQ", SIGMOD 2024,
 * without the rotation).
 */
export function writeSigns(row: usize, centre: usize, stride: usize, signs: usize, factor: usize): void {
  const zero = i16x8.splat(0);
  let absolutes = i32x4.splat(0);
  let squares = i32x4.splat(0);
  let products = i32x4.splat(0);
  let signed = i32x4.splat(0);
  for (let at: usize = 0; at < stride; at += 8, signs += 32) {
    const middle = v128.load_ext<i8>(centre + at);
    const away = i16x8.sub(v128.load_ext<i8>(row + at), middle);
    const isAbove = i16x8.gt_s(away, zero);
    store<u8>(signs, <u8>i16x8.bitmask(isAbove));
    absolutes = i32x4.add(absolutes, i32x4.extadd_pairwise_i16x8_s(i16x8.abs(away)));
    squares = i32x4.add(squares, i32x4.dot_i16x8_s(away, away));
    products = i32x4.add(products, i32x4.dot_i16x8_s(away, middle));
    const bySign = v128.bitselect(middle, i16x8.neg(middle), isAbove);
    signed = i32x4.add(signed, i32x4.extadd_pairwise_i16x8_s(bySign));
  }
  const total = sum(absolutes);
  const scale: f32 = total == 0 ? 0 : sum(squares) / total;
  store<f32>(factor, scale);
  store<f32>(factor, sum(products) - scale * sum(signed), 128);
}

/** Of the table that was written last: what one in it stands for, and what has to be added to a sum. */
let tableStep: f32 = 0;
let tableBias: f32 = 0;

/**
 * Writes what {@link scanBlocks} looks up: for each four values of the query 16 bytes, one for each combination of their
 * signs, with what they sum up to then: in as many `steps` as there are at most, from the least possible sum on.
 */
export function writeTable(query: usize, stride: usize, table: usize, steps: i32): void {
  let widest: i32 = 1;
  let total: i32 = 0;
  for (let at: usize = 0; at < stride; at += 4) {
    const most = reach(query + (at << 1));
    widest = max(widest, 2 * most);
    total += most;
  }
  tableStep = <f32>widest / <f32>steps;
  tableBias = -(<f32>total);
  const perOne = f32x4.splat(<f32>steps / <f32>widest);
  for (let at: usize = 0; at < stride; at += 4, table += 16) {
    const four = query + (at << 1);
    const a = valueAt(four, 0);
    const b = valueAt(four, 1);
    const c = valueAt(four, 2);
    const d = valueAt(four, 3);
    const firstTwo = i32x4.replace_lane(
      i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(-a - b), 1, a - b), 2, b - a),
      3,
      a + b,
    );
    const offset = reach(four);
    const e = toSteps(firstTwo, offset - c - d, perOne);
    const f = toSteps(firstTwo, offset + c - d, perOne);
    const g = toSteps(firstTwo, offset - c + d, perOne);
    const h = toSteps(firstTwo, offset + c + d, perOne);
    v128.store(table, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(e, f), i16x8.narrow_i32x4_s(g, h)));
  }
}

function toSteps(sums: v128, more: i32, perOne: v128): v128 {
  const whole = f32x4.convert_i32x4_s(i32x4.add(sums, i32x4.splat(more)));
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(whole, perOne)));
}

/** The largest sum that four values have with any signs. */
function reach(four: usize): i32 {
  return abs(valueAt(four, 0)) + abs(valueAt(four, 1)) + abs(valueAt(four, 2)) + abs(valueAt(four, 3));
}

function valueAt(four: usize, at: i32): i32 {
  return <i32>load<i16>(four + ((<usize>at) << 1));
}

/**
 * Estimated dot products of a query with vectors of which the signs are known. `list` names `count` runs of blocks: the
 * address of the first block, how many there are, and the f32 to which what is estimated is added.
 *
 * A block has 32 vectors side by side: `bytes` (an even number) rows of 32 bytes, eight signs of one vector in each, then
 * their factors (f32; NaN where there is no vector), what is added to them (f32), then their labels (i32). The table has, for each half byte, what the
 * 16 signs of four values sum up to, as integers of at most 63 (André et al., "Cache locality is not enough", VLDB 2015).
 */
export function scanBlocks(list: usize, count: i32, bytes: usize, table: usize): void {
  const low = i8x16.splat(15);
  const step = f32x4.splat(tableStep);
  const bias = f32x4.splat(tableBias);
  const codes = bytes << 5;
  for (let run: i32 = 0; run < count; run++, list += 12) {
    let block = <usize>load<u32>(list);
    const end = block + <usize>load<u32>(list, 4) * (codes + 384);
    const fixed = f32x4.splat(load<f32>(list, 8));
    let touched = block;
    for (; block < end; block += codes + 384) {
      if (block === touched) {
        touched = min(end, block + TOUCHED_BLOCKS * (codes + 384));
        touch(block, touched);
      }
      let a = i16x8.splat(0);
      let b = i16x8.splat(0);
      let c = i16x8.splat(0);
      let d = i16x8.splat(0);
      for (let at: usize = 0; at < codes; at += 64) {
        // Four half bytes of at most 63 each fit into eight bits.
        let x = v128.load(block + at);
        let y = v128.load(block + at, 16);
        let first = v128.load(table + at);
        let second = v128.load(table + at, 16);
        let s = i8x16.add(
          i8x16.swizzle(first, v128.and(x, low)),
          i8x16.swizzle(second, v128.and(i16x8.shr_u(x, 4), low)),
        );
        let t = i8x16.add(
          i8x16.swizzle(first, v128.and(y, low)),
          i8x16.swizzle(second, v128.and(i16x8.shr_u(y, 4), low)),
        );
        x = v128.load(block + at, 32);
        y = v128.load(block + at, 48);
        first = v128.load(table + at, 32);
        second = v128.load(table + at, 48);
        s = i8x16.add(
          s,
          i8x16.add(i8x16.swizzle(first, v128.and(x, low)), i8x16.swizzle(second, v128.and(i16x8.shr_u(x, 4), low))),
        );
        t = i8x16.add(
          t,
          i8x16.add(i8x16.swizzle(first, v128.and(y, low)), i8x16.swizzle(second, v128.and(i16x8.shr_u(y, 4), low))),
        );
        // Sums of pairs, 256 times the second in them, and sums of the seconds alone: cheaper than eight to sixteen bits.
        a = i16x8.add(a, s);
        b = i16x8.add(b, i16x8.shr_u(s, 8));
        c = i16x8.add(c, t);
        d = i16x8.add(d, i16x8.shr_u(t, 8));
      }
      a = i16x8.sub(a, i16x8.shl(b, 8));
      c = i16x8.sub(c, i16x8.shl(d, 8));
      const first = v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
      b = v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
      const third = v128.shuffle<i16>(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
      d = v128.shuffle<i16>(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
      const at = block + codes;
      const e = estimate(i32x4.extend_low_i16x8_u(first), at, fixed, step, bias);
      const f = estimate(i32x4.extend_high_i16x8_u(first), at + 16, fixed, step, bias);
      const g = estimate(i32x4.extend_low_i16x8_u(b), at + 32, fixed, step, bias);
      const h = estimate(i32x4.extend_high_i16x8_u(b), at + 48, fixed, step, bias);
      const i = estimate(i32x4.extend_low_i16x8_u(third), at + 64, fixed, step, bias);
      const j = estimate(i32x4.extend_high_i16x8_u(third), at + 80, fixed, step, bias);
      const k = estimate(i32x4.extend_low_i16x8_u(d), at + 96, fixed, step, bias);
      const l = estimate(i32x4.extend_high_i16x8_u(d), at + 112, fixed, step, bias);
      if (kept !== 0) {
        v128.store(kept, e);
        v128.store(kept, f, 16);
        v128.store(kept, g, 32);
        v128.store(kept, h, 48);
        v128.store(kept, i, 64);
        v128.store(kept, j, 80);
        v128.store(kept, k, 96);
        v128.store(kept, l, 112);
        kept += 128;
      }
      const bar = f32x4.splat(least);
      const some = v128.or(v128.or(f32x4.gt(e, bar), f32x4.gt(f, bar)), v128.or(f32x4.gt(g, bar), f32x4.gt(h, bar)));
      const more = v128.or(v128.or(f32x4.gt(i, bar), f32x4.gt(j, bar)), v128.or(f32x4.gt(k, bar), f32x4.gt(l, bar)));
      if (!v128.any_true(v128.or(some, more))) continue;
      offerFour(e, at);
      offerFour(f, at + 16);
      offerFour(g, at + 32);
      offerFour(h, at + 48);
      offerFour(i, at + 64);
      offerFour(j, at + 80);
      offerFour(k, at + 96);
      offerFour(l, at + 112);
    }
  }
}

/** Behind the factors are 128 bytes of what is added. */
function estimate(sums: v128, factors: usize, fixed: v128, step: v128, bias: v128): v128 {
  const products = f32x4.add(f32x4.mul(step, f32x4.convert_i32x4_u(sums)), bias);
  return f32x4.add(f32x4.add(fixed, v128.load(factors, 128)), f32x4.mul(v128.load(factors), products));
}

/** Behind what is added are the labels. */
function offerFour(estimates: v128, factors: usize): void {
  offer(f32x4.extract_lane(estimates, 0), load<i32>(factors, 256));
  offer(f32x4.extract_lane(estimates, 1), load<i32>(factors, 260));
  offer(f32x4.extract_lane(estimates, 2), load<i32>(factors, 264));
  offer(f32x4.extract_lane(estimates, 3), load<i32>(factors, 268));
}

function multiply(row: usize, query: usize, stride: usize): f32 {
  let a = i32x4.splat(0);
  for (let at: usize = 0; at < stride; at += 8) {
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(row + at), v128.load(query + (at << 1))));
  }
  return sum(a);
}

function sum(lanes: v128): f32 {
  return <f32>(
    (i32x4.extract_lane(lanes, 0) +
      i32x4.extract_lane(lanes, 1) +
      i32x4.extract_lane(lanes, 2) +
      i32x4.extract_lane(lanes, 3))
  );
}

/** NaN never beats anything. */
function offer(score: f32, label: i32): void {
  if (score > least) keep(score, label);
}

function keep(score: f32, label: i32): void {
  put(size++, score, label);
  if (size == 2 * wanted) select();
}

/** Leaves as many as are wanted, the best (Hoare, "Find", 1961): a few steps for each that came, where a heap takes eight. */
function select(): void {
  const last = wanted - 1;
  let low: i32 = 0;
  let high = size - 1;
  while (low < high) {
    const pivot = scoreAt((low + high) >> 1);
    let up = low;
    let down = high;
    while (up <= down) {
      while (scoreAt(up) > pivot) up++;
      while (scoreAt(down) < pivot) down--;
      if (up > down) break;
      const score = scoreAt(up);
      const label = labelAt(up);
      put(up++, scoreAt(down), labelAt(down));
      put(down--, score, label);
    }
    if (last <= down) high = down;
    else if (last >= up) low = up;
    else break;
  }
  size = wanted;
  least = scoreAt(last);
}

/** Into a heap of this size, at this place or below it. */
function sink(score: f32, label: i32, from: i32, count: i32): void {
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= count) break;
    if (child + 1 < count && scoreAt(child + 1) < scoreAt(child)) child++;
    if (score <= scoreAt(child)) break;
    put(at, scoreAt(child), labelAt(child));
    at = child;
  }
  put(at, score, label);
}

function scoreAt(at: i32): f32 {
  return load<f32>(scores + ((<usize>at) << 2));
}

function labelAt(at: i32): i32 {
  return load<i32>(labels + ((<usize>at) << 2));
}

function put(at: i32, score: f32, label: i32): void {
  store<f32>(scores + ((<usize>at) << 2), score);
  store<i32>(labels + ((<usize>at) << 2), label);
}
