/** Lower ends of the bands, rising. At the default `max_error_rate` of 1% the bar is 0.92. */
const LOWER_ENDS = [0.9, 0.92, 0.94, 0.96, 0.98];

/** `none`: no confidence was computed (`matching.verifier: off`). */
export const confidenceBands: readonly string[] = [
  "under 0.9",
  ...LOWER_ENDS.map((from, index) => `${from} to ${LOWER_ENDS[index + 1] ?? 1}`),
  "none",
];

/** The band of a semantic hit's confidence; its lower end belongs to it. */
export function toConfidenceBand(confidence: number | null): string {
  if (confidence === null) return "none";
  const below = LOWER_ENDS.filter((from) => confidence >= from).length;
  return confidenceBands[below] as string;
}
