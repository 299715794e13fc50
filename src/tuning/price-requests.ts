import type { Usage } from "../model/answer.ts";
import type { ReplayRequest } from "./replay-request.ts";

/** What a call to the provider costs, in US dollars; null: not known. */
export type PriceCall = (usage: Usage, model: string | null) => number | null;

/** What one request took; null: not known. */
export interface Priced {
  readonly tokens: number | null;
  readonly cost: number | null;
}

/** @param stored whose answer was given: it tells the tokens where the log does not tell this request's own */
export function priceRequest(price: PriceCall, request: ReplayRequest, stored: ReplayRequest | null = null): Priced {
  const tokens = request.tokens ?? stored?.tokens ?? null;
  if (tokens === null) return { tokens: null, cost: null };
  return { tokens: tokens.total, cost: tokens.usage && price(tokens.usage, request.model) };
}
