import type { SavedSum } from "../../telemetry/savings.ts";

/** What the cache has saved of calls to this model, in one line: money too, where it has a price. */
export function toSavedLine({ calls, tokens, dollars, unpricedTokens }: SavedSum, model: string): string {
  const saved = `Saved: ${calls} provider calls and, at a token for four characters, ${tokens} tokens`;
  if (unpricedTokens > 0) return `${saved}; ${model} has no price here.`;
  const money = dollars.toLocaleString("en-US", { style: "currency", currency: "USD", maximumSignificantDigits: 2 });
  return `${saved}: ${money} at the list price of ${model}, had it answered.`;
}
