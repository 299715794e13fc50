/**
 * How many of `count` ascending numbers are below `target`: where that one belongs. It is looked for from `guess` on, in
 * steps that double, so that a good guess takes two looks where halving a million takes twenty.
 */
export function lowerBound(count: number, numberAt: (index: number) => number, target: number, guess: number): number {
  // Below: all before `low`. Not below: `high` and all behind it.
  let low = 0;
  let high = count;
  const start = Math.max(0, Math.min(Math.floor(guess), count - 1));
  for (let at = start, step = 1; at >= low && at < high; step *= 2) {
    if (numberAt(at) < target) {
      low = at + 1;
      if (at < start) break;
      at = start + step;
    } else {
      high = at;
      if (at > start) break;
      at = start - step;
    }
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numberAt(middle) < target) low = middle + 1;
    else high = middle;
  }
  return low;
}
