import { SemcacheError } from "../base/errors.ts";
import type { CacheStore } from "./cache-store.ts";
import { createMemoryCacheStore, type MemoryCacheStoreOptions } from "./memory-cache-store.ts";

export type CacheStoreOptions =
  | ({ readonly kind: "memory" } & MemoryCacheStoreOptions)
  /** Kinds that the configuration knows and this version has not. */
  | { readonly kind: "embedded" | "redis" | "postgres" };

/** @throws {SemcacheError} `config-invalid` for a kind that this version has not. */
export function createCacheStore(options: CacheStoreOptions): CacheStore {
  switch (options.kind) {
    case "memory":
      return createMemoryCacheStore(options);
    case "embedded":
    case "redis":
    case "postgres":
      throw new SemcacheError(
        "config-invalid",
        `Cannot open the store: store.kind is "${options.kind}", and this version has only "memory"`,
      );
    default:
      return options satisfies never;
  }
}
