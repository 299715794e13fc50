/** Under this many letters one letter makes another word too often ("cat" and "car"). */
const LEAST_LETTERS = 6;

/**
 * Whether two lower-case words are most likely one, mistyped or inflected: neighbouring letters exchanged (four letters
 * and more), or one letter after the first more, less or other. Never where digits are involved. It decides
 * what is not worth a finding, so it never says that two words are the same.
 */
export function isSlip(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  const longer = Math.max(a.length, b.length);
  if (shorter < 3 || longer - shorter > 3 || longer > 40) return false;
  let from = 0;
  while (from < shorter && a[from] === b[from]) from++;
  let end = 0;
  while (end < shorter - from && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const restA = a.length - from - end;
  const restB = b.length - from - end;
  if (restA === 2 && restB === 2) return a[from] === b[from + 1] && a[from + 1] === b[from] && !/\d/.test(a + b);
  if (shorter < LEAST_LETTERS || from === 0 || restA > 1 || restB > 1) return false;
  return !/\d/.test(a + b);
}
