import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { describeCacheStore } from "./cache-store.ts";

describeCacheStore("embedded cache store", async (options) => {
  const folder = await mkdtemp(join(tmpdir(), "semcache-"));
  const onFault = (message: string) => {
    throw new Error(message);
  };
  return {
    store: await openEmbeddedCacheStore({ ...options, folder, onFault }),
    dispose: () => rm(folder, { recursive: true }),
  };
});
