import { SemcacheError } from "../base/errors.ts";
import type { CacheStore } from "./cache-store.ts";

/**
 * For work that would otherwise begin in vain, or take what cannot be found yet for what is not there.
 *
 * @throws {SemcacheError} `store-loading`
 */
export function assertLoaded(store: Pick<CacheStore, "health">, action: string): void {
  const health = store.health();
  if (health.state !== "loading") return;
  throw new SemcacheError("store-loading", `Cannot ${action}: the store is not ready, ${health.detail}`);
}
