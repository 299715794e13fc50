import type { Price } from "../price.ts";

/** The models of one provider with a list price. */
export interface ProviderPrices {
  readonly provider: string;
  /** The provider's own page with these prices. */
  readonly source: string;
  /** The day up to which they are known to hold, as YYYY-MM-DD. */
  readonly asOf: string;
  readonly models: Readonly<Record<string, ListedPrice>>;
}

export interface ListedPrice extends Price {
  /** Where the price depends on what a call's usage does not say. */
  readonly note?: string;
}

/** The day on which this table was made, as YYYY-MM-DD. */
export const pricesCompiledOn = "2026-11-23";

/*
 * Standard prices of models for text, in US dollars per million tokens, without batch, priority and other service tiers.
 *
 * How it was made: on 2026-11-23 the catalogues genai-prices 0.2.3 (November 2026) and model-prices 0.0.5 (2026-10-26,
 * from models.dev and the providers' pages) were compared; both cite the page given as `source`. A model is here only
 * where both give the same prices and it is not withdrawn; those of DeepSeek, and of Claude up to Opus 5, were also
 * compared with copies of the pages themselves. What the two contradict each other about, or only one of them has, is
 * left out: mistral-large-latest, mistral-large-4, codestral-latest and claude-mythos-5 among others. Where no price for
 * cached input is published, it is priced as input. Dated snapshots are here only where they cost something else than
 * their model (price-list.ts). The long inputs of claude-sonnet-4-5 are left out: its provider refuses them by now.
 */
export const priceTable: readonly ProviderPrices[] = [
  {
    provider: "OpenAI",
    source: "https://developers.openai.com/api/docs/pricing",
    asOf: "2026-10-26",
    models: {
      "gpt-3.5-turbo": { input: 0.5, output: 1.5 },
      "gpt-3.5-turbo-0125": { input: 0.5, output: 1.5 },
      "gpt-3.5-turbo-1106": { input: 1, output: 2 },
      "gpt-4": { input: 30, output: 60 },
      "gpt-4-0613": { input: 30, output: 60 },
      "gpt-4-turbo": { input: 10, output: 30 },
      "gpt-4.1": { input: 2, output: 8, cachedInput: 0.5 },
      "gpt-4.1-mini": { input: 0.4, output: 1.6, cachedInput: 0.1 },
      "gpt-4.1-nano": { input: 0.1, output: 0.4, cachedInput: 0.025 },
      "gpt-4o": { input: 2.5, output: 10, cachedInput: 1.25 },
      "gpt-4o-2024-05-13": { input: 5, output: 15 },
      "gpt-4o-mini": { input: 0.15, output: 0.6, cachedInput: 0.075 },
      "gpt-5": { input: 1.25, output: 10, cachedInput: 0.125 },
      "gpt-5-mini": { input: 0.25, output: 2, cachedInput: 0.025 },
      "gpt-5-nano": { input: 0.05, output: 0.4, cachedInput: 0.005 },
      "gpt-5-pro": { input: 15, output: 120 },
      "gpt-5.1": { input: 1.25, output: 10, cachedInput: 0.125 },
      "gpt-5.2": { input: 1.75, output: 14, cachedInput: 0.175 },
      "gpt-5.2-pro": { input: 21, output: 168 },
      "gpt-5.3-codex": { input: 1.75, output: 14, cachedInput: 0.175 },
      "gpt-5.4": {
        input: 2.5,
        output: 15,
        cachedInput: 0.25,
        long: { aboveInputTokens: 272000, input: 5, output: 22.5, cachedInput: 0.5 },
      },
      "gpt-5.4-mini": { input: 0.75, output: 4.5, cachedInput: 0.075 },
      "gpt-5.4-nano": { input: 0.2, output: 1.25, cachedInput: 0.02 },
      "gpt-5.4-pro": { input: 30, output: 180, long: { aboveInputTokens: 272000, input: 60, output: 270 } },
      "gpt-5.5": {
        input: 5,
        output: 30,
        cachedInput: 0.5,
        long: { aboveInputTokens: 272000, input: 10, output: 45, cachedInput: 1 },
      },
      "gpt-5.5-pro": { input: 30, output: 180, long: { aboveInputTokens: 272000, input: 60, output: 270 } },
      "gpt-5.6": {
        input: 4,
        output: 20,
        cachedInput: 0.4,
        cacheWrite: 5,
        long: { aboveInputTokens: 272000, input: 8, output: 30, cachedInput: 0.8, cacheWrite: 10 },
      },
      "gpt-5.6-luna": {
        input: 0.2,
        output: 1.2,
        cachedInput: 0.02,
        cacheWrite: 0.25,
        long: { aboveInputTokens: 272000, input: 0.4, output: 1.8, cachedInput: 0.04, cacheWrite: 0.5 },
      },
      "gpt-5.6-sol": {
        input: 4,
        output: 20,
        cachedInput: 0.4,
        cacheWrite: 5,
        long: { aboveInputTokens: 272000, input: 8, output: 30, cachedInput: 0.8, cacheWrite: 10 },
      },
      "gpt-5.6-terra": {
        input: 2,
        output: 12,
        cachedInput: 0.2,
        cacheWrite: 2.5,
        long: { aboveInputTokens: 272000, input: 4, output: 18, cachedInput: 0.4, cacheWrite: 5 },
      },
      "gpt-6-astra": {
        input: 10,
        output: 50,
        cachedInput: 1,
        cacheWrite: 12.5,
        long: { aboveInputTokens: 272000, input: 20, output: 75, cachedInput: 2, cacheWrite: 25 },
      },
      "gpt-6-luna": {
        input: 0.1,
        output: 0.5,
        cachedInput: 0.01,
        cacheWrite: 0.125,
        long: { aboveInputTokens: 272000, input: 0.2, output: 0.75, cachedInput: 0.02, cacheWrite: 0.25 },
      },
      "gpt-6-sol": {
        input: 2,
        output: 10,
        cachedInput: 0.2,
        cacheWrite: 2.5,
        long: { aboveInputTokens: 272000, input: 4, output: 15, cachedInput: 0.4, cacheWrite: 5 },
      },
      "gpt-6.1-sol": {
        input: 2,
        output: 10,
        cachedInput: 0.1,
        cacheWrite: 2.5,
        long: { aboveInputTokens: 272000, input: 4, output: 15, cachedInput: 0.2, cacheWrite: 5 },
      },
      "gpt-6.1-terra": {
        input: 1,
        output: 5,
        cachedInput: 0.05,
        cacheWrite: 1.25,
        long: { aboveInputTokens: 272000, input: 2, output: 7.5, cachedInput: 0.1, cacheWrite: 2.5 },
      },
      o1: { input: 15, output: 60, cachedInput: 7.5 },
      "o1-pro": { input: 150, output: 600 },
      o3: { input: 2, output: 8, cachedInput: 0.5 },
      "o3-mini": { input: 1.1, output: 4.4, cachedInput: 0.55 },
      "o3-pro": { input: 20, output: 80 },
      "o4-mini": { input: 1.1, output: 4.4, cachedInput: 0.275 },
    },
  },
  {
    provider: "Anthropic",
    source: "https://platform.claude.com/docs/en/about-claude/pricing",
    asOf: "2026-10-26",
    models: {
      "claude-fable-5": { input: 10, output: 50, cachedInput: 1, cacheWrite: 12.5, cacheWriteHour: 20 },
      "claude-fable-5-1": { input: 10, output: 50, cachedInput: 0.25, cacheWrite: 12.5, cacheWriteHour: 20 },
      "claude-haiku-4-5": { input: 1, output: 5, cachedInput: 0.1, cacheWrite: 1.25, cacheWriteHour: 2 },
      "claude-haiku-5-5": {
        input: 0.1,
        output: 0.5,
        cachedInput: 0.01,
        cacheWrite: 0.125,
        cacheWriteHour: 0.2,
        long: {
          aboveInputTokens: 100000,
          input: 0.5,
          output: 2.5,
          cachedInput: 0.05,
          cacheWrite: 0.625,
          cacheWriteHour: 1,
        },
      },
      "claude-opus-4-5": { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
      "claude-opus-4-6": { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
      "claude-opus-4-7": { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
      "claude-opus-4-8": { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
      "claude-opus-5": { input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
      "claude-opus-5-5": { input: 4, output: 20, cachedInput: 0.2, cacheWrite: 5, cacheWriteHour: 8 },
      "claude-sonnet-4-5": { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWriteHour: 6 },
      "claude-sonnet-4-6": { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWriteHour: 6 },
      "claude-sonnet-5": { input: 2, output: 10, cachedInput: 0.2, cacheWrite: 2.5, cacheWriteHour: 4 },
      "claude-sonnet-5-5": { input: 2, output: 10, cachedInput: 0.1, cacheWrite: 2.5, cacheWriteHour: 4 },
    },
  },
  {
    provider: "Google",
    source: "https://ai.google.dev/gemini-api/docs/pricing",
    asOf: "2026-10-26",
    models: {
      "gemini-2.5-flash": { input: 0.3, output: 2.5, cachedInput: 0.03 },
      "gemini-2.5-flash-lite": { input: 0.1, output: 0.4, cachedInput: 0.01 },
      "gemini-2.5-pro": {
        input: 1.25,
        output: 10,
        cachedInput: 0.125,
        long: { aboveInputTokens: 200000, input: 2.5, output: 15, cachedInput: 0.25 },
      },
      "gemini-3-flash-preview": { input: 0.5, output: 3, cachedInput: 0.05 },
      "gemini-3.1-flash-lite": { input: 0.25, output: 1.5, cachedInput: 0.025 },
      "gemini-3.1-flash-lite-preview": { input: 0.25, output: 1.5, cachedInput: 0.025 },
      "gemini-3.1-pro-preview": {
        input: 2,
        output: 12,
        cachedInput: 0.2,
        long: { aboveInputTokens: 200000, input: 4, output: 18, cachedInput: 0.4 },
      },
      "gemini-3.1-pro-preview-customtools": {
        input: 2,
        output: 12,
        cachedInput: 0.2,
        long: { aboveInputTokens: 200000, input: 4, output: 18, cachedInput: 0.4 },
      },
      "gemini-3.5-flash": { input: 1.5, output: 9, cachedInput: 0.15 },
      "gemini-3.5-flash-lite": { input: 0.3, output: 2.5, cachedInput: 0.03 },
      "gemini-3.6-flash": { input: 0.75, output: 3.75, cachedInput: 0.075, note: "promotional until 2026-12-31" },
      "gemini-3.7-flash": { input: 0.75, output: 3.75, cachedInput: 0.075, note: "promotional until 2026-12-31" },
      "gemini-3.8-flash": { input: 0.75, output: 3.75, cachedInput: 0.075, note: "promotional until 2026-12-31" },
      "gemini-4-argon": { input: 2, output: 10, cachedInput: 0.1 },
      "gemini-flash-latest": { input: 0.75, output: 3.75, cachedInput: 0.075, note: "promotional until 2026-12-31" },
      "gemini-flash-lite-latest": { input: 0.3, output: 2.5, cachedInput: 0.03 },
    },
  },
  {
    provider: "Mistral",
    source: "https://mistral.ai/pricing/api",
    asOf: "2026-10-26",
    models: {
      "codestral-2508": { input: 0.3, output: 0.9, cachedInput: 0.03 },
      "magistral-medium-latest": { input: 2, output: 5 },
      "ministral-14b-2512": { input: 0.2, output: 0.2, cachedInput: 0.02 },
      "ministral-3b-2512": { input: 0.1, output: 0.1, cachedInput: 0.01 },
      "ministral-8b-2512": { input: 0.15, output: 0.15, cachedInput: 0.015 },
      "ministral-8b-latest": { input: 0.15, output: 0.15, cachedInput: 0.015 },
      "mistral-large-2512": { input: 0.5, output: 1.5, cachedInput: 0.05 },
      "mistral-medium-2604": { input: 1.5, output: 7.5, cachedInput: 0.15 },
      "mistral-medium-3": { input: 1.5, output: 7.5, cachedInput: 0.15 },
      "mistral-medium-latest": { input: 1.5, output: 7.5, cachedInput: 0.15 },
      "mistral-small-2506": { input: 0.1, output: 0.3 },
      "mistral-small-2603": { input: 0.15, output: 0.6, cachedInput: 0.015 },
      "mistral-small-latest": { input: 0.15, output: 0.6, cachedInput: 0.015 },
      "open-mistral-nemo": { input: 0.15, output: 0.15 },
      "pixtral-12b": { input: 0.15, output: 0.15 },
      "zai-glm-5-3": { input: 1.4, output: 4.4, cachedInput: 0.14 },
    },
  },
  {
    provider: "DeepSeek",
    source: "https://api-docs.deepseek.com/quick_start/pricing",
    asOf: "2026-10-26",
    models: {
      "deepseek-flash": { input: 0.15, output: 0.6, cachedInput: 0.003, note: "off-peak; twice as much in peak hours" },
      "deepseek-v4-flash": {
        input: 0.15,
        output: 0.6,
        cachedInput: 0.003,
        note: "off-peak; twice as much in peak hours",
      },
      "deepseek-v4-flash-vision-exp": {
        input: 0.15,
        output: 0.6,
        cachedInput: 0.003,
        note: "off-peak; twice as much in peak hours",
      },
      "deepseek-v4-pro": {
        input: 0.66,
        output: 1.98,
        cachedInput: 0.022,
        note: "off-peak; twice as much in peak hours",
      },
    },
  },
  {
    provider: "xAI",
    source: "https://docs.x.ai/docs/models",
    asOf: "2026-10-26",
    models: {
      "grok-4.20-0309-non-reasoning": {
        input: 1.25,
        output: 2.5,
        cachedInput: 0.2,
        long: { aboveInputTokens: 199999, input: 2.5, output: 5, cachedInput: 0.4 },
      },
      "grok-4.20-0309-reasoning": {
        input: 1.25,
        output: 2.5,
        cachedInput: 0.2,
        long: { aboveInputTokens: 199999, input: 2.5, output: 5, cachedInput: 0.4 },
      },
      "grok-4.20-multi-agent-0309": {
        input: 1.25,
        output: 2.5,
        cachedInput: 0.2,
        long: { aboveInputTokens: 199999, input: 2.5, output: 5, cachedInput: 0.4 },
      },
      "grok-4.3": {
        input: 1.25,
        output: 2.5,
        cachedInput: 0.2,
        long: { aboveInputTokens: 199999, input: 2.5, output: 5, cachedInput: 0.4 },
      },
      "grok-4.5": {
        input: 2,
        output: 6,
        cachedInput: 0.3,
        long: { aboveInputTokens: 199999, input: 4, output: 12, cachedInput: 0.6 },
      },
      "grok-4.6": {
        input: 2,
        output: 6,
        cachedInput: 0.5,
        long: { aboveInputTokens: 199999, input: 4, output: 12, cachedInput: 1 },
      },
      "grok-4.7": {
        input: 2,
        output: 6,
        cachedInput: 0.5,
        long: { aboveInputTokens: 199999, input: 4, output: 12, cachedInput: 1 },
      },
      "grok-build-0.1": {
        input: 1,
        output: 2,
        cachedInput: 0.2,
        long: { aboveInputTokens: 199999, input: 2, output: 4, cachedInput: 0.4 },
      },
    },
  },
  {
    provider: "Moonshot AI",
    source: "https://platform.kimi.ai/docs/pricing/chat",
    asOf: "2026-10-26",
    models: {
      "kimi-k2.6": { input: 0.95, output: 4, cachedInput: 0.16 },
      "kimi-k2.7-code": { input: 0.95, output: 4, cachedInput: 0.19 },
      "kimi-k2.7-code-highspeed": { input: 1.9, output: 8, cachedInput: 0.38 },
      "kimi-k3": { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3 },
      "kimi-k3.1-pro": { input: 2, output: 10, cachedInput: 0.2, cacheWrite: 2 },
      "kimi-k3.1-pro-highspeed": { input: 4, output: 20, cachedInput: 0.2, cacheWrite: 4 },
    },
  },
  {
    provider: "Z.ai",
    source: "https://docs.z.ai/guides/overview/pricing",
    asOf: "2026-10-26",
    models: {
      "glm-4-32b-0414-128k": { input: 0.1, output: 0.1 },
      "glm-4.5": { input: 0.6, output: 2.2, cachedInput: 0.11 },
      "glm-4.5-air": { input: 0.2, output: 1.1, cachedInput: 0.03 },
      "glm-4.5-airx": { input: 1.1, output: 4.5, cachedInput: 0.22 },
      "glm-4.5-x": { input: 2.2, output: 8.9, cachedInput: 0.45 },
      "glm-4.5v": { input: 0.6, output: 1.8, cachedInput: 0.11 },
      "glm-4.6": { input: 0.6, output: 2.2, cachedInput: 0.11 },
      "glm-4.6v": { input: 0.3, output: 0.9, cachedInput: 0.05 },
      "glm-4.7": { input: 0.6, output: 2.2, cachedInput: 0.11 },
      "glm-4.7-flashx": { input: 0.07, output: 0.4, cachedInput: 0.01 },
      "glm-5": { input: 1, output: 3.2, cachedInput: 0.2 },
      "glm-5.1": { input: 1.4, output: 4.4, cachedInput: 0.26 },
      "glm-5.2": { input: 1.4, output: 4.4, cachedInput: 0.26 },
      "glm-5.3": { input: 1.4, output: 4.4, cachedInput: 0.26 },
      "glm-5.3-flash": { input: 0.15, output: 0.5, cachedInput: 0.03 },
      "glm-5.3-flashx": { input: 0.37, output: 1.25, cachedInput: 0.075 },
    },
  },
  {
    provider: "MiniMax",
    source: "https://platform.minimax.io/docs/pricing/overview",
    asOf: "2026-10-26",
    models: {
      "MiniMax-M2": { input: 0.3, output: 1.2, cachedInput: 0.03, cacheWrite: 0.375 },
      "MiniMax-M2.1": { input: 0.3, output: 1.2, cachedInput: 0.03, cacheWrite: 0.375 },
      "MiniMax-M2.1-highspeed": { input: 0.6, output: 2.4, cachedInput: 0.03, cacheWrite: 0.375 },
      "MiniMax-M2.5": { input: 0.3, output: 1.2, cachedInput: 0.03, cacheWrite: 0.375 },
      "MiniMax-M2.5-highspeed": { input: 0.6, output: 2.4, cachedInput: 0.03, cacheWrite: 0.375 },
      "MiniMax-M2.7": { input: 0.3, output: 1.2, cachedInput: 0.06, cacheWrite: 0.375 },
      "MiniMax-M2.7-highspeed": { input: 0.6, output: 2.4, cachedInput: 0.06, cacheWrite: 0.375 },
      "MiniMax-M3": {
        input: 0.3,
        output: 1.2,
        cachedInput: 0.06,
        long: { aboveInputTokens: 512000, input: 0.6, output: 2.4, cachedInput: 0.12 },
      },
      "MiniMax-M3.1-Flash": { input: 0.15, output: 0.6, cachedInput: 0.015 },
    },
  },
  {
    provider: "Cohere",
    source: "https://cohere.com/pricing",
    asOf: "2026-10-26",
    models: {
      "command-a-03-2025": { input: 2.5, output: 10 },
      "command-r-08-2024": { input: 0.15, output: 0.6 },
      "command-r-plus-08-2024": { input: 2.5, output: 10 },
      "command-r7b-12-2024": { input: 0.0375, output: 0.15 },
    },
  },
];
