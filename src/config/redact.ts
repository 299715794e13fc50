import { redactUrl } from "../telemetry/redacted-url.ts";
import { isSecretName } from "../telemetry/redaction.ts";
import type { FileConfig } from "./schema.ts";

/** Settings as they may be printed: secrets hidden, in the parameters of URLs too; users and passwords taken out of URLs. */
export function redactSettings(settings: FileConfig): FileConfig {
  const { proxy, providers } = settings.upstream;
  const { judge } = settings.matching;
  return {
    ...settings,
    server: { ...settings.server, admin_token: hide(settings.server.admin_token) },
    cache: { ...settings.cache, tenant_secret: hide(settings.cache.tenant_secret) },
    matching: {
      ...settings.matching,
      judge: judge && { ...judge, url: redactUrl(judge.url), api_key: hide(judge.api_key) },
    },
    upstream: {
      ...settings.upstream,
      providers: withoutCredentialsEach(providers),
      allow: settings.upstream.allow.map(redactUrl),
      proxy: proxy === null || proxy === "env" ? proxy : redactUrl(proxy),
    },
  };
}

/** Any value as a message may have it: it was refused, so nothing is known of what it is. Undefined: there is none. */
export function redactValue(value: unknown, name: string): unknown {
  if (value === undefined || value === null) return value;
  if (isSecretName(name)) return HIDDEN;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, ""));
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [redactUrl(key), redactValue(member, key)]));
  }
  if (typeof value !== "string") return value;
  // JSON of a variable that cannot be read has its names inside.
  return /^\s*[[{]/.test(value) && secretInside.test(value) ? HIDDEN : redactUrl(value);
}

export const HIDDEN = "(hidden)";
const secretInside = /secret|token|password|api[_-]?key/i;

function hide(value: string | null): string | null {
  return value === null ? null : HIDDEN;
}

function withoutCredentialsEach<T extends FileConfig["upstream"]["providers"]>(providers: T): T {
  return Object.fromEntries(
    Object.entries(providers).map(([name, { base_url: url }]) => [name, { base_url: redactUrl(url) }]),
  ) as T;
}
