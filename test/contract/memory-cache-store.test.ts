import { createMemoryCacheStore } from "#semcache/store/memory-cache-store.js";
import { describeCacheStore } from "./cache-store.ts";

describeCacheStore("memory cache store", async (options) => ({ store: createMemoryCacheStore(options) }));
