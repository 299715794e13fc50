// The gate's own code is TypeScript: its commands load it as the test runner does.
import { fileURLToPath } from "node:url";
import { createViteServer } from "vitest/node";

/** `load(file)` gives a module of this folder; `close()` when all is loaded and done. */
export async function createLoader() {
  const vite = await createViteServer({
    root: fileURLToPath(new URL("../..", import.meta.url)),
    configFile: false,
    logLevel: "error",
    appType: "custom",
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  return { load: (file) => vite.ssrLoadModule(`/test/quality/${file}`), close: () => vite.close() };
}
