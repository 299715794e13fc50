/** Those that occurred, the most frequent first. */
export function toRanked(counts: Readonly<Partial<Record<string, number>>>): readonly (readonly [string, number])[] {
  return Object.entries(counts)
    .flatMap(([name, count]) => (count ? [[name, count] as const] : []))
    .sort(([, a], [, b]) => b - a);
}
