import type { JsonValue } from "../base/json.ts";
import type { UsageParts } from "../model/answer.ts";

/** Null: not a count of tokens. */
export function toTokenCount(value: JsonValue | undefined): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** Without those that are zero or were not told. */
export function toUsageParts(counts: { readonly [part in keyof UsageParts]: JsonValue | undefined }): UsageParts {
  const told = Object.entries(counts).filter(([, value]) => (toTokenCount(value) ?? 0) > 0);
  return Object.fromEntries(told);
}
