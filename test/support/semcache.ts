import { createApp } from "#semcache/app.js";
import type { Clock } from "#semcache/base/clock.js";
import { loadConfig } from "#semcache/config/load.js";
import { LogCollector } from "./log-collector.ts";

export interface RunningSemcache {
  /** Origin, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** What was logged since the start. */
  readonly log: LogCollector;
  close(): Promise<void>;
}

type Settings = { readonly [key: string]: unknown };

/**
 * Starts the built product in this process, at a free port of 127.0.0.1, with both providers at `providerUrl`, which
 * the upstream policy then allows, and waits until its models are warm. `overrides` has the shape of a configuration
 * file.
 */
export async function startSemcache(
  providerUrl: string,
  overrides: Settings = {},
  { clock }: { readonly clock?: Clock } = {},
): Promise<RunningSemcache> {
  const settings = merge(
    {
      server: { host: "127.0.0.1", port: 0 },
      upstream: {
        providers: { openai: { base_url: providerUrl }, anthropic: { base_url: providerUrl } },
        allow: [providerUrl],
        // No test may reach anything but loopback.
        allow_public: false,
      },
      cache: { tenant_secret: "a secret that only tests have" },
      // Verdicts must not depend on how busy the machine is; tests of the time budget set their own.
      // Nor on chance: an audit, of one hit by meaning in a hundred by default, asks the provider once more.
      matching: { timeout: "60s", max_queue: 10_000, audit_rate: 0 },
      embedding: { workers: 1 },
      store: { path: null },
      telemetry: { log_level: "debug" },
    },
    overrides,
  );
  const { config } = loadConfig({ env: {}, workingFolder: import.meta.dirname, overrides: settings });
  const log = new LogCollector();
  const app = await createApp(config, { logStream: log, ...(clock && { clock }) });
  const { url, port } = await app.listen();
  await app.ready();
  return { url: url.replace(/\/$/u, ""), port, log, close: () => app.close() };
}

function merge(below: Settings, above: Settings): Settings {
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const existing = result[key];
    result[key] = isSettings(existing) && isSettings(value) ? merge(existing, value) : value;
  }
  return result;
}

function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
