import { availableMemoryBytes } from "../base/available-memory.ts";
import { SemcacheError } from "../base/errors.ts";
import { parseDurationMs, parseSizeBytes } from "../base/units.ts";
import type { DialectName } from "../model/dialect-name.ts";
import type { TokenPrices } from "../pricing/price.ts";
import type { ConfiguredPrice } from "../pricing/price-list.ts";
import type { FileConfig } from "./schema.ts";

/** The configuration as the product uses it: milliseconds and bytes, frozen. Rooms take their own part, never the whole. */
export interface Config {
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly maxBodyBytes: number;
    readonly adminToken: string | null;
    readonly keepAliveMs: number;
    readonly shutdownGraceMs: number;
  };
  readonly upstream: {
    readonly providers: { readonly openai: string; readonly anthropic: string };
    /** Base URLs of all providers, the two above included: the upstream policy allows them. */
    readonly baseUrls: readonly string[];
    readonly allow: readonly string[];
    readonly allowPublic: boolean;
    /** `env`, or a URL. */
    readonly proxy: string | null;
    readonly timeouts: { readonly connectMs: number; readonly headersMs: number; readonly idleMs: number };
  };
  readonly cache: {
    readonly mode: "semantic" | "exact" | "shadow" | "off";
    readonly ttlMs: number;
    readonly volatileTtlMs: number;
    readonly maxTtlMs: number;
    readonly staleIfErrorMs: number;
    readonly staleWhileRevalidateMs: number;
    readonly staleMatch: "exact" | "semantic";
    /** Nothing staler is served, whoever wishes it. */
    readonly maxStaleMs: number;
    /** How long past their expiry entries are kept, room permitting. */
    readonly keepExpiredMs: number;
    readonly tenancy: Tenancy;
    readonly tenantSecret: string | null;
    readonly maxRequestBytes: number;
    readonly maxEntryBytes: number;
    readonly maxTemperature: number | null;
    readonly ignoreFields: Readonly<Record<DialectName, readonly string[]>>;
    readonly varyHeaders: readonly string[];
    readonly maxEntries: number | null;
    readonly maxBytes: number | null;
    readonly eviction: FileConfig["cache"]["eviction"];
  };
  readonly matching: {
    readonly maxErrorRate: number;
    readonly guard: boolean;
    readonly verifier: boolean;
    readonly candidates: number;
    readonly maxPromptTokens: number;
    readonly timeoutMs: number;
    readonly maxQueue: number;
    readonly minSimilarity: number | null;
    /** Shares of the served hits of each kind that are asked of the provider afterwards. */
    readonly auditRates: { readonly exact: number; readonly semantic: number };
    /** Asked whether two answers say the same, where that cannot be told without it. */
    readonly judge: {
      readonly url: string;
      readonly model: string;
      readonly apiKey: string | null;
      readonly maxCallsPerDay: number;
      readonly timeoutMs: number;
    } | null;
  };
  readonly embedding: { readonly workers: "auto" | number };
  readonly store:
    | { readonly kind: "memory"; readonly path: string | null }
    | { readonly kind: "embedded"; readonly path: string };
  /** By model, or by pattern with one `*`; they come before the table's. */
  readonly prices: Readonly<Record<string, ConfiguredPrice>>;
  readonly telemetry: {
    readonly logLevel: LogLevel;
    readonly logFormat: "json" | "text";
    readonly logPrompts: boolean;
  };
}

/** Past the last moment at which it may answer an entry is kept so long, that who asks then is told `expired`. */
const TOLD_OF_MS = 60_000;

export type Tenancy = "credential" | "shared" | `header:${string}`;
export type LogLevel = FileConfig["telemetry"]["log_level"];

export function toConfig(file: FileConfig): Config {
  const { server, upstream, cache, matching } = file;
  const baseUrls = Object.values(upstream.providers).map((provider) => provider.base_url);
  return Object.freeze({
    server: {
      host: server.host,
      port: server.port,
      maxBodyBytes: bytes(server.max_body),
      adminToken: server.admin_token,
      keepAliveMs: ms(server.keep_alive),
      shutdownGraceMs: ms(server.shutdown_grace),
    },
    upstream: {
      providers: { openai: upstream.providers.openai.base_url, anthropic: upstream.providers.anthropic.base_url },
      baseUrls,
      allow: upstream.allow,
      allowPublic: upstream.allow_public,
      proxy: upstream.proxy,
      timeouts: {
        connectMs: ms(upstream.timeouts.connect),
        headersMs: ms(upstream.timeouts.headers),
        idleMs: ms(upstream.timeouts.idle),
      },
    },
    cache: {
      mode: cache.mode,
      ttlMs: ms(cache.ttl),
      volatileTtlMs: ms(cache.volatile_ttl),
      maxTtlMs: ms(cache.max_ttl),
      staleIfErrorMs: ms(cache.stale_if_error),
      staleWhileRevalidateMs: ms(cache.stale_while_revalidate),
      staleMatch: cache.stale_match,
      maxStaleMs: ms(cache.max_stale),
      keepExpiredMs: TOLD_OF_MS + ms(cache.max_stale),
      tenancy: cache.tenancy as Tenancy,
      tenantSecret: cache.tenant_secret,
      maxRequestBytes: bytes(cache.max_request),
      maxEntryBytes: bytes(cache.max_entry),
      maxTemperature: cache.max_temperature,
      ignoreFields: cache.ignore_fields,
      varyHeaders: cache.vary_headers.map((name) => name.toLowerCase()),
      ...toLimits(cache.eviction_policy),
      eviction: cache.eviction,
    },
    matching: {
      maxErrorRate: matching.max_error_rate,
      guard: matching.guard === "on",
      verifier: matching.verifier === "local",
      candidates: matching.candidates,
      maxPromptTokens: matching.max_prompt_tokens,
      timeoutMs: ms(matching.timeout),
      maxQueue: matching.max_queue,
      minSimilarity: matching.min_similarity,
      auditRates: toAuditRates(matching.audit_rate),
      judge: matching.judge && {
        url: matching.judge.url,
        model: matching.judge.model,
        apiKey: matching.judge.api_key,
        maxCallsPerDay: matching.judge.max_calls_per_day,
        timeoutMs: ms(matching.judge.timeout),
      },
    },
    embedding: { workers: file.embedding.workers },
    store: toStore(file.store),
    prices: Object.fromEntries(Object.entries(file.prices).map(([name, price]) => [name, toPrice(price)])),
    telemetry: {
      logLevel: file.telemetry.log_level,
      logFormat: file.telemetry.log_format,
      logPrompts: file.telemetry.log_prompts,
    },
  });
}

function toPrice(price: FileConfig["prices"][string]): ConfiguredPrice {
  if ("like" in price) return price;
  const { long, ...each } = price;
  return {
    ...toTokenPrices(each),
    ...(long && { long: { aboveInputTokens: long.above_input_tokens, ...toTokenPrices(long) } }),
  };
}

function toTokenPrices({
  input,
  output,
  cached_input,
  cache_write,
  cache_write_hour,
}: Omit<Exclude<FileConfig["prices"][string], { like: string }>, "long">): TokenPrices {
  return {
    input,
    output,
    ...(cached_input !== undefined && { cachedInput: cached_input }),
    ...(cache_write !== undefined && { cacheWrite: cache_write }),
    ...(cache_write_hour !== undefined && { cacheWriteHour: cache_write_hour }),
  };
}

/** The lower of 4096 MiB and a quarter of what the process may use (cgroup limit or the machine's memory). */
export function defaultMemoryLimitMb(): number {
  return Math.max(16, Math.min(4096, Math.floor(availableMemoryBytes() / 4 / 1_048_576)));
}

/** An audit asks a provider what nobody asked it: of the hits that are equal, which are mostly right, only where that is wanted. */
function toAuditRates(rate: number | null): Config["matching"]["auditRates"] {
  return rate === null ? { exact: 0, semantic: 0.005 } : { exact: rate, semantic: rate };
}

function toStore({ kind, path }: FileConfig["store"]): Config["store"] {
  // Without a folder there is nowhere else for them to be.
  return kind === "memory" || path === null ? { kind: "memory", path } : { kind, path };
}

function toLimits(policy: FileConfig["cache"]["eviction_policy"]): {
  maxEntries: number | null;
  maxBytes: number | null;
} {
  const rules =
    policy === undefined
      ? [{ policy_type: "memory_limit_mb" as const, value: defaultMemoryLimitMb() }]
      : Array.isArray(policy)
        ? policy
        : [policy];
  let maxEntries: number | null = null;
  let maxBytes: number | null = null;
  for (const rule of rules) {
    if (rule.policy_type === "entry_limit") maxEntries = Math.min(maxEntries ?? Infinity, rule.value);
    else maxBytes = Math.min(maxBytes ?? Infinity, rule.value * 1_048_576);
  }
  return { maxEntries, maxBytes };
}

function ms(value: string | number): number {
  return required(parseDurationMs(String(value)), value);
}

function bytes(value: string | number): number {
  return required(parseSizeBytes(String(value)), value);
}

function required(value: number | null, written: string | number): number {
  if (value === null) throw new SemcacheError("config-invalid", `Cannot read the quantity: ${written}`);
  return value;
}
