import type { Word } from "./prompt-text.ts";

const UP = new Set("largest biggest greatest longest highest tallest deepest oldest fastest".split(" "));
const DOWN = new Set("smallest least fewest shortest lowest newest youngest cheapest slowest".split(" "));
const OTHER = new Set("most best worst easiest hardest".split(" "));

/** Whether a word singles one out of many. */
export function isSuperlative({ key }: Word): boolean {
  return UP.has(key) || DOWN.has(key) || OTHER.has(key);
}

/** The end of the scale that a superlative names; undefined where that is a matter of taste, or of what is counted. */
export function directionOf({ key }: Word): "up" | "down" | undefined {
  if (UP.has(key)) return "up";
  return DOWN.has(key) ? "down" : undefined;
}
