/** @param {readonly number[]} values @param {number} q 0 to 1; between two values the line between them is taken */
export function quantile(values, q) {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  return below + (above - below) * (place - Math.floor(place));
}

/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/** Median and the middle half of the samples. @param {readonly number[]} values */
export function summarize(values) {
  return { count: values.length, median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** Median and the whole range: for ratios of a few pairs. @param {readonly number[]} values */
export function summarizeRange(values) {
  return { count: values.length, median: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** Least squares. @param {readonly { x: number, y: number }[]} points @returns the growth of y for each unit of x */
export function slope(points) {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  let over = 0;
  let under = 0;
  for (const { x, y } of points) {
    over += (x - meanX) * (y - meanY);
    under += (x - meanX) ** 2;
  }
  return under === 0 ? 0 : over / under;
}
