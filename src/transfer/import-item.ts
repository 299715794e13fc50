import type { SkipReason } from "./entry-importer.ts";
import type { ExchangePath } from "./import-line.ts";

/** What the reader of a file makes of one line of it. `number`: of the file, counted from 1. */
export type ImportItem =
  /** `text`: a line of an import. */
  | { readonly kind: "line"; readonly number: number; readonly text: string }
  | { readonly kind: "refused"; readonly number: number; readonly message: string }
  | { readonly kind: "skipped"; readonly number: number; readonly reason: SkipReason };

/** For rows that say nothing of their own. */
export interface PutDefaults {
  readonly namespace?: string | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** @param row members of a `semcache_put` line, looked at by the import */
export function toPutItem(number: number, row: object, defaults: PutDefaults): ImportItem {
  // Undefined members leave no trace in JSON.
  return { kind: "line", number, text: JSON.stringify({ semcache_put: 1, ...defaults, ...row }) };
}

export function toExchangeItem(
  number: number,
  exchange: { readonly path: ExchangePath; readonly request: string; readonly status: number; readonly answer: string },
): ImportItem {
  const { path, request, status, answer } = exchange;
  const told = { status, content_type: "application/json", text: answer };
  return { kind: "line", number, text: JSON.stringify({ semcache_exchange: 1, path, request, answer: told }) };
}
