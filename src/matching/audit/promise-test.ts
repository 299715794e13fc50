/** Audited hits and how many of them were wrong. */
export interface Audited {
  readonly audited: number;
  readonly wrong: number;
}

/**
 * What the odds of a wrong hit are multiplied by in the rates that are tried against the promised one. Multiples, because
 * a promise of 0.1% that is broken five times over must be found out as well as one of 10% that is broken twice.
 */
const ALTERNATIVES = [1.5, 2, 3, 5, 10, 30, 100];
/** Over all time, a promise that holds is called broken with at most this probability (Ville's inequality). */
const FALSE_ALARM = 0.01;
/** The interval holds at all times together with this confidence. */
const CONFIDENCE = 0.95;

/**
 * Whether the data refute "at most `promised` of the hits are wrong": valid at any time and however often it is asked.
 *
 * The capital of a gambler who bets on higher rates at fair odds (a test martingale: Waudby-Smith and Ramdas,
 * arXiv 2010.09686), mixed evenly over a few alternatives. With the odds multiplied by f a wrong hit multiplies the capital
 * by f / (1 - promised + f * promised), a right one by 1 / (1 - promised + f * promised). Only the counts matter, so the
 * state is two numbers. The rate may change from hit to hit: it is fair as long as each was wrong with at most `promised`.
 */
export function isPromiseBroken({ audited, wrong }: Audited, promised: number): boolean {
  if (promised >= 1 || wrong === 0) return false;
  if (promised <= 0) return true;
  const capitals = ALTERNATIVES.map(
    (factor) => wrong * Math.log(factor) - audited * Math.log(1 - promised + factor * promised),
  );
  const most = Math.max(...capitals);
  const mixed = most + Math.log(capitals.reduce((sum, each) => sum + Math.exp(each - most), 0) / capitals.length);
  return mixed >= -Math.log(FALSE_ALARM);
}

/**
 * Confidence sequence for the rate of wrong hits, [lower, upper] in 0 to 1: it holds at every moment together with 95%
 * (Robbins' method of mixtures with a Beta(½, ½) prior), for a rate that stays what it is.
 */
export function toRateInterval({ audited, wrong }: Audited): readonly [lower: number, upper: number] {
  const right = audited - wrong;
  const mixture = logBeta(wrong + 0.5, right + 0.5) - logBeta(0.5, 0.5);
  const limit = -Math.log(1 - CONFIDENCE);
  const isInside = (rate: number) =>
    mixture - (wrong === 0 ? 0 : wrong * Math.log(rate)) - (right === 0 ? 0 : right * Math.log(1 - rate)) < limit;
  const middle = audited === 0 ? 0.5 : wrong / audited;
  return [wrong === 0 ? 0 : border(isInside, middle, 0), right === 0 ? 1 : border(isInside, middle, 1)];
}

/** Bisects between a rate that is inside and one that may be outside. */
function border(isInside: (rate: number) => boolean, from: number, to: number): number {
  let [inside, outside] = [from, to];
  for (let step = 0; step < 50; step++) {
    const middle = (inside + outside) / 2;
    if (isInside(middle)) inside = middle;
    else outside = middle;
  }
  return outside;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Stirling's series from 8 on, and the recurrence below it: exact to 1e-10. */
function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 8; at++) shift += Math.log(at);
  const square = at * at;
  const series = 1 / (12 * at) - 1 / (360 * at * square) + 1 / (1260 * at * square * square);
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
