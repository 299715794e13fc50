import type { ParseArgsConfig } from "node:util";
import { SemcacheError } from "../../base/errors.ts";
import type { Price } from "../../pricing/price.ts";

export const tuneFlags = {
  json: { type: "boolean" },
  html: { type: "string" },
  limit: { type: "string" },
  sample: { type: "string" },
  prompt: { type: "string" },
  label: { type: "string" },
  pairs: { type: "string" },
  "max-wrong": { type: "string" },
  "price-input": { type: "string" },
  "price-output": { type: "string" },
} as const satisfies ParseArgsConfig["options"];

export type TuneFlags = { readonly [Name in keyof typeof tuneFlags]?: string | boolean | undefined };

export interface TuneWishes {
  /** Requests that are replayed at most. */
  readonly limit: number;
  /** Share of the requests that is taken. */
  readonly sample: number;
  /** Merged pairs that are told of each setting. */
  readonly pairs: number;
  /** Share of the semantic hits that may be wrong. */
  readonly maxWrong: number;
  /** For all models; null: list prices. */
  readonly price: Price | null;
}

/** An hour and more of work on two cores lies beyond. */
const DEFAULT_LIMIT = 10_000;
const DEFAULT_PAIRS = 20;
const MAX_PAIRS = 1_000;
/** About what the confidences let expect of the shipped default: with less wanted, nothing would be matched by meaning. */
const DEFAULT_MAX_WRONG = 0.05;

/** @throws {SemcacheError} `usage` with flag, value and what is allowed */
export function toWishes(flags: TuneFlags): TuneWishes {
  const number = (name: keyof TuneFlags, fallback: number, allowed: string, holds: (value: number) => boolean) => {
    const text = flags[name];
    if (text === undefined) return fallback;
    const value = typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
    if (Number.isFinite(value) && holds(value)) return value;
    throw new SemcacheError("usage", `Cannot run: --${name} is ${JSON.stringify(text)}, allowed is ${allowed}`);
  };
  const isPrice = (value: number) => value >= 0;
  const ofPrice = "a price in US dollars per million tokens";
  const [input, output] = [flags["price-input"], flags["price-output"]];
  if ((input === undefined) !== (output === undefined)) {
    throw new SemcacheError("usage", "Cannot run: --price-input and --price-output are given together or not at all");
  }
  return {
    limit: number("limit", DEFAULT_LIMIT, "a whole number from 1", (value) => Number.isInteger(value) && value >= 1),
    sample: number("sample", 1, "a share over 0 and up to 1", (value) => value > 0 && value <= 1),
    pairs: number("pairs", DEFAULT_PAIRS, `a whole number from 0 to ${MAX_PAIRS}`, (value) => {
      return Number.isInteger(value) && value >= 0 && value <= MAX_PAIRS;
    }),
    maxWrong: number("max-wrong", DEFAULT_MAX_WRONG, "a share from 0 to 1", (value) => value >= 0 && value <= 1),
    price:
      input === undefined
        ? null
        : {
            input: number("price-input", 0, ofPrice, isPrice),
            output: number("price-output", 0, ofPrice, isPrice),
          },
  };
}
