// The product in a process of its own, as `semcache serve` runs it, with both providers at one address.
import { createApp } from "#semcache/app.js";
import { loadConfig } from "#semcache/config/load.js";
import { serveParent } from "./report.mjs";
import { countTurns } from "./turn-watch.mjs";

const { providerPort, settings = {}, warm = true, watchTurns = false } = JSON.parse(process.argv[2]);
const base_url = `http://127.0.0.1:${providerPort}`;
const { config } = loadConfig({
  env: {},
  workingFolder: import.meta.dirname,
  overrides: {
    server: { host: "127.0.0.1", port: 0, shutdown_grace: "1s" },
    upstream: { providers: { openai: { base_url }, anthropic: { base_url } }, allow_public: false },
    store: { path: null },
    matching: { audit_rate: 0 },
    ...settings,
  },
});
const turns = watchTurns ? countTurns() : null;
const app = await createApp(config);
const { port } = await app.listen();
if (warm) await app.ready();
serveParent(port, () => app.close(), { turns: () => turns?.read() ?? {} });
