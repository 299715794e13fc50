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
      judge: judge && { ...judge, url: withoutCredentials(judge.url), api_key: hide(judge.api_key) },
    },
    upstream: {
      ...settings.upstream,
      providers: withoutCredentialsEach(providers),
      proxy: proxy === null || proxy === "env" ? proxy : withoutCredentials(proxy),
    },
  };
}

function hide(value: string | null): string | null {
  return value === null ? null : "(hidden)";
}

function withoutCredentialsEach<T extends FileConfig["upstream"]["providers"]>(providers: T): T {
  return Object.fromEntries(
    Object.entries(providers).map(([name, { base_url: url }]) => [name, { base_url: withoutCredentials(url) }]),
  ) as T;
}

function withoutCredentials(text: string): string {
  const url = new URL(text);
  const secrets = new Set([...url.searchParams.keys()].filter(isSecretName));
  if (url.username === "" && url.password === "" && secrets.size === 0) return text;
  url.username = "";
  url.password = "";
  for (const name of secrets) url.searchParams.set(name, "hidden");
  return url.href;
}
