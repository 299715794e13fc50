import type { Usage } from "../model/answer.ts";
import type { Price, Prices } from "./price.ts";

const MILLION = 1_000_000;

/** What a provider call with this usage costs at list price, in US dollars; null where the model has no price. */
export function costOf(usage: Usage, model: string, prices: Prices): number | null {
  const found = prices.find(model);
  return found === null ? null : costAt(usage, found.price);
}

/**
 * Dollars = (plain input x `input` + cached input x `cachedInput` + written x `cacheWrite` + written for an hour x
 * `cacheWriteHour` + output x `output`) / 1,000,000, where plain input is what is left of the input after the other
 * three. Reasoning is part of the output and costs what output costs.
 */
export function costAt(usage: Usage, price: Price): number {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, cacheWriteHourTokens } = usage;
  const { long } = price;
  const at = long !== undefined && inputTokens > long.aboveInputTokens ? long : price;
  // Parts are never more than their whole: a provider's counters that contradict each other must not go below zero.
  const cached = Math.min(cachedInputTokens ?? 0, inputTokens);
  const written = Math.min(cacheWriteTokens ?? 0, inputTokens - cached);
  const writtenForAnHour = Math.min(cacheWriteHourTokens ?? 0, written);
  const cacheWrite = at.cacheWrite ?? at.input;
  return (
    ((inputTokens - cached - written) * at.input +
      cached * (at.cachedInput ?? at.input) +
      (written - writtenForAnHour) * cacheWrite +
      writtenForAnHour * (at.cacheWriteHour ?? cacheWrite) +
      outputTokens * at.output) /
    MILLION
  );
}
