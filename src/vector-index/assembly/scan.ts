// What a search spends its time on, in AssemblyScript: tools/build.mjs compiles it to scan.wasm. 128-bit SIMD. Addresses
// are those of the module's memory, which Scanner lays out.

/** A heap of the best so far, the worst of them on top. */
let scores: usize = 0;
let labels: usize = 0;
let capacity: i32 = 0;
let size: i32 = 0;
/** What has to be beaten: that of the worst, once the heap is full. */
let least: f32 = -Infinity;

/** Starts a search for the `wanted` best; scores and labels have room for as many of 4 bytes. */
export function begin(scoresAt: usize, labelsAt: usize, wanted: i32): void {
  scores = scoresAt;
  labels = labelsAt;
  capacity = wanted;
  size = 0;
  least = -Infinity;
}

/** How many have been found, in no order. */
export function found(): i32 {
  return size;
}

/** Brings what was found into order, best first. Returns how many there are. */
export function finish(): i32 {
  const count = size;
  // What is on top is the worst: it goes to the end, and the heap becomes one smaller.
  while (size > 1) {
    const score = scoreAt(--size);
    const label = labelAt(size);
    move(0, size);
    sink(score, label, size);
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
    const label = load<i32>(list + ((<usize>at) << 2));
    offer(multiply(rows + <usize>label * stride, query, stride), label);
  }
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

/**
 * Writes what {@link scanBlocks} looks up: for each four values of the query 16 bytes, one for each combination of their
 * signs, with what they sum up to then: in as many `steps` as there are at most, from the least possible sum on. Returns
 * the step.
 */
export function writeTable(query: usize, stride: usize, table: usize, steps: i32): f32 {
  let widest: i32 = 1;
  for (let at: usize = 0; at < stride; at += 4) {
    widest = max(widest, 2 * reach(query + (at << 1)));
  }
  const scale = <f32>widest / <f32>steps;
  for (let at: usize = 0; at < stride; at += 4, table += 16) {
    const four = query + (at << 1);
    const least = reach(four);
    for (let signs: i32 = 0; signs < 16; signs++) {
      let total = least;
      for (let bit: i32 = 0; bit < 4; bit++) {
        const value = valueAt(four, bit);
        total += signs & (1 << bit) ? value : -value;
      }
      store<u8>(table + <usize>signs, <u8>nearest<f32>(<f32>total / scale));
    }
  }
  return scale;
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
export function scanBlocks(list: usize, count: i32, bytes: usize, table: usize, scale: f32, bias: f32): void {
  const low = i8x16.splat(15);
  const codes = bytes << 5;
  for (let run: i32 = 0; run < count; run++, list += 12) {
    let block = <usize>load<u32>(list);
    const end = block + <usize>load<u32>(list, 4) * (codes + 384);
    const base = load<f32>(list, 8);
    for (; block < end; block += codes + 384) {
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
        let s = i8x16.add(i8x16.swizzle(first, v128.and(x, low)), i8x16.swizzle(second, i8x16.shr_u(x, 4)));
        let t = i8x16.add(i8x16.swizzle(first, v128.and(y, low)), i8x16.swizzle(second, i8x16.shr_u(y, 4)));
        x = v128.load(block + at, 32);
        y = v128.load(block + at, 48);
        first = v128.load(table + at, 32);
        second = v128.load(table + at, 48);
        s = i8x16.add(s, i8x16.add(i8x16.swizzle(first, v128.and(x, low)), i8x16.swizzle(second, i8x16.shr_u(x, 4))));
        t = i8x16.add(t, i8x16.add(i8x16.swizzle(first, v128.and(y, low)), i8x16.swizzle(second, i8x16.shr_u(y, 4))));
        a = i16x8.add(a, i16x8.extend_low_i8x16_u(s));
        b = i16x8.add(b, i16x8.extend_high_i8x16_u(s));
        c = i16x8.add(c, i16x8.extend_low_i8x16_u(t));
        d = i16x8.add(d, i16x8.extend_high_i8x16_u(t));
      }
      const factors = block + codes;
      offerFour(i32x4.extend_low_i16x8_u(a), factors, base, scale, bias);
      offerFour(i32x4.extend_high_i16x8_u(a), factors + 16, base, scale, bias);
      offerFour(i32x4.extend_low_i16x8_u(b), factors + 32, base, scale, bias);
      offerFour(i32x4.extend_high_i16x8_u(b), factors + 48, base, scale, bias);
      offerFour(i32x4.extend_low_i16x8_u(c), factors + 64, base, scale, bias);
      offerFour(i32x4.extend_high_i16x8_u(c), factors + 80, base, scale, bias);
      offerFour(i32x4.extend_low_i16x8_u(d), factors + 96, base, scale, bias);
      offerFour(i32x4.extend_high_i16x8_u(d), factors + 112, base, scale, bias);
    }
  }
}

/** Behind the factors are 128 bytes of what is added, then the labels. */
function offerFour(sums: v128, factors: usize, base: f32, scale: f32, bias: f32): void {
  const products = f32x4.add(f32x4.mul(f32x4.splat(scale), f32x4.convert_i32x4_u(sums)), f32x4.splat(bias));
  const fixed = f32x4.add(f32x4.splat(base), v128.load(factors, 128));
  const estimates = f32x4.add(fixed, f32x4.mul(v128.load(factors), products));
  if (!v128.any_true(f32x4.gt(estimates, f32x4.splat(least)))) return;
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
  if (size < capacity) rise(score, label);
  else sink(score, label, capacity);
  if (size == capacity) least = load<f32>(scores);
}

/** Into the heap as one more. */
function rise(score: f32, label: i32): void {
  let at = size++;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (scoreAt(parent) <= score) break;
    move(parent, at);
    at = parent;
  }
  put(at, score, label);
}

/** Into a heap of this size, in the place of its top. */
function sink(score: f32, label: i32, count: i32): void {
  let at: i32 = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= count) break;
    if (child + 1 < count && scoreAt(child + 1) < scoreAt(child)) child++;
    if (score <= scoreAt(child)) break;
    move(child, at);
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

function move(from: i32, to: i32): void {
  put(to, scoreAt(from), labelAt(from));
}
