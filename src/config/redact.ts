import type { FileConfig } from "./schema.ts";

/** Settings as they may be printed: secrets hidden, credentials taken out of URLs. */
export function redactSettings(settings: FileConfig): FileConfig {
  const { proxy } = settings.upstream;
  return {
    ...settings,
    server: { ...settings.server, admin_token: hide(settings.server.admin_token) },
    cache: { ...settings.cache, tenant_secret: hide(settings.cache.tenant_secret) },
    upstream: { ...settings.upstream, proxy: proxy === null || proxy === "env" ? proxy : withoutCredentials(proxy) },
  };
}

function hide(value: string | null): string | null {
  return value === null ? null : "(hidden)";
}

function withoutCredentials(text: string): string {
  const url = new URL(text);
  url.username = "";
  url.password = "";
  return url.href;
}
