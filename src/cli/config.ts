import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { SemcacheError } from "../base/errors.ts";
import { defaultMemoryLimitMb } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { redactSettings } from "../config/redact.ts";
import { createUpstreamPolicy } from "../upstream/upstream-policy.ts";
import { configFlags, parseCommand, toOverrides } from "./arguments.ts";

/** `semcache config check|print` */
export function runConfig(args: readonly string[]): number {
  const { values, positionals } = parseCommand(
    () => parseArgs({ args: [...args], options: configFlags, allowPositionals: true }),
    { count: 1, name: "check or print" },
  );
  const [action] = positionals;
  if (action !== "check" && action !== "print") {
    throw new SemcacheError(
      "usage",
      `Cannot run: config ${String(action)} is unknown, expected check or print. Try semcache --help`,
    );
  }
  const loaded = loadConfig({ file: values.config ?? null, overrides: toOverrides(values) });
  for (const line of [...loaded.notes, ...loaded.warnings]) process.stderr.write(`${line}\n`);
  const { upstream } = loaded.config;
  // The one rule that the file's own schema does not know: what an origin is.
  createUpstreamPolicy({
    allow: upstream.allow,
    allowPublic: upstream.allowPublic,
    providers: upstream.baseUrls,
    viaEgressProxy: upstream.proxy !== null,
  });
  const source = loaded.source ?? "defaults (no configuration file)";
  if (action === "check") {
    process.stdout.write(`ok: ${source}\n`);
    return 0;
  }
  const settings = redactSettings(loaded.settings);
  const policy = settings.cache.eviction_policy ?? { policy_type: "memory_limit_mb", value: defaultMemoryLimitMb() };
  process.stdout.write(
    `# ${source}\n${stringify({ ...settings, cache: { ...settings.cache, eviction_policy: policy } })}`,
  );
  return 0;
}
