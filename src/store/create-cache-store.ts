import type { CacheStore } from "./cache-store.ts";
import { openEmbeddedCacheStore, type EmbeddedCacheStoreOptions } from "./embedded-cache-store.ts";
import { createMemoryCacheStore, type MemoryCacheStoreOptions } from "./memory-cache-store.ts";

export type CacheStoreOptions =
  | ({ readonly kind: "memory" } & MemoryCacheStoreOptions)
  | ({ readonly kind: "embedded" } & EmbeddedCacheStoreOptions);

/** @throws {SemcacheError} `store-locked`, `config-invalid` */
export async function openCacheStore(options: CacheStoreOptions): Promise<CacheStore> {
  switch (options.kind) {
    case "memory":
      return createMemoryCacheStore(options);
    case "embedded":
      return openEmbeddedCacheStore(options);
    default:
      return options satisfies never;
  }
}
