/** List prices in US dollars per million tokens. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
  /** Input read from the provider's prompt cache; absent: priced as input. */
  readonly cachedInput?: number;
  /** Input written into the provider's prompt cache; absent: priced as input. */
  readonly cacheWrite?: number;
  /** Input written to be kept for an hour; absent: priced as `cacheWrite`. */
  readonly cacheWriteHour?: number;
}

/** What one model costs. */
export interface Price extends TokenPrices {
  /** The prices of every token of a call whose whole input is longer than this. */
  readonly long?: LongInputPrices;
}

export interface LongInputPrices extends TokenPrices {
  readonly aboveInputTokens: number;
}

/** Where a model's price is found. */
export interface Prices {
  /** Null: it has none. */
  find(model: string): { readonly price: Price } | null;
}
