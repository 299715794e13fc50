import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadConfig, type LoadOptions } from "#semcache/config/load.js";
import { redactSettings } from "#semcache/config/redact.js";

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "semcache-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function load(options: LoadOptions & { files?: Record<string, string> } = {}) {
  const { files = {}, ...rest } = options;
  return loadConfig({ workingFolder: folderWith(files), env: {}, ...rest });
}

describe("configuration", () => {
  test("has the documented defaults", () => {
    const { config } = load();
    expect(config.server).toMatchObject({
      host: "localhost",
      port: 8080,
      maxBodyBytes: 64 * 1_048_576,
      keepAliveMs: 75_000,
    });
    expect(config.upstream.providers).toEqual({
      openai: "https://api.openai.com",
      anthropic: "https://api.anthropic.com",
    });
    expect(config.upstream.timeouts).toEqual({ connectMs: 10_000, headersMs: 600_000, idleMs: 600_000 });
    expect(config.cache).toMatchObject({
      mode: "semantic",
      ttlMs: 7 * 86_400_000,
      volatileTtlMs: 300_000,
      tenancy: "credential",
    });
    expect(config.matching).toMatchObject({
      maxErrorRate: 0.01,
      guard: true,
      verifier: true,
      timeoutMs: 500,
      maxQueue: 64,
    });
    expect(config.cache.maxBytes).toBeLessThanOrEqual(4096 * 1_048_576);
    expect(config.cache.maxEntries).toBeNull();
  });

  test("stale answers are off, and entries are kept for who asks for them", () => {
    const { cache } = load().config;
    expect(cache).toMatchObject({
      staleIfErrorMs: 0,
      staleWhileRevalidateMs: 0,
      staleMatch: "exact",
      maxStaleMs: 3_600_000,
      keepExpiredMs: 3_660_000,
    });
    const longer = load({ files: { "semcache.yaml": "cache: { stale_if_error: 1d, max_stale: 1d }" } }).config.cache;
    expect(longer).toMatchObject({ staleIfErrorMs: 86_400_000, keepExpiredMs: 86_460_000 });
  });

  test.each(["stale_if_error", "stale_while_revalidate"])("cache.%s is not longer than cache.max_stale", (key) => {
    expect(() => load({ files: { "semcache.yaml": `cache: { ${key}: 3601s }` } })).toThrow(
      `cache.${key} is "3601s", allowed is at most cache.max_stale, which is 1h`,
    );
    expect(load({ files: { "semcache.yaml": `cache: { ${key}: 60m }` } }).config.cache.maxStaleMs).toBe(3_600_000);
  });

  test("flags win over environment over file over defaults", () => {
    const files = { "semcache.yaml": "server: { port: 1001, host: 127.0.0.1 }\ncache: { ttl: 1h }" };
    expect(load({ files }).config.server.port).toBe(1001);
    const env = { SEMCACHE_SERVER__PORT: "1002" };
    expect(load({ files, env }).config.server.port).toBe(1002);
    const all = load({ files, env, overrides: { server: { port: 1003 } } });
    expect(all.config.server).toMatchObject({ port: 1003, host: "127.0.0.1" });
    expect(all.config.cache.ttlMs).toBe(3_600_000);
  });

  test("variables: lists and maps are JSON, text that looks like a number stays text where text is wanted", () => {
    const { config, warnings } = load({
      env: {
        SEMCACHE_UPSTREAM__ALLOW: '["http://10.0.0.5:11434"]',
        SEMCACHE_UPSTREAM__PROVIDERS__OPENAI__BASE_URL: "http://127.0.0.1:9/v1",
        SEMCACHE_SERVER__ADMIN_TOKEN: "123456",
        SEMCACHE_CACHE__IGNORE_FIELDS: '{"openai-chat":["session_id"]}',
        SEMCACHE_CACHE__MAX_TEMPERATURE: "null",
        SEMCACHE_MATCHING__GUARD: "off",
        SEMCACHE_TELEMETRY__LOG_PROMPTS: "true",
      },
    });
    expect(config.upstream.allow).toEqual(["http://10.0.0.5:11434"]);
    expect(config.upstream.providers.openai).toBe("http://127.0.0.1:9/v1");
    expect(config.upstream.providers.anthropic).toBe("https://api.anthropic.com");
    expect(config.server.adminToken).toBe("123456");
    expect(config.cache.ignoreFields["openai-chat"]).toEqual(["session_id"]);
    expect(config.cache.maxTemperature).toBeNull();
    expect(config.matching.guard).toBe(false);
    expect(config.telemetry.logPrompts).toBe(true);
    expect(warnings).toEqual([]);
  });

  test("variables that Kubernetes makes and those of benchmarks are nobody's settings; unknown ones warn with the nearest name", () => {
    const { config, warnings } = load({
      env: {
        SEMCACHE_PORT: "tcp://10.0.0.1:8080",
        SEMCACHE_PORT_8080_TCP_ADDR: "10.0.0.1",
        SEMCACHE_SERVICE_HOST: "10.0.0.1",
        SEMCACHE_BENCH_DATA: "/somewhere",
        SEMCACHE_SERVER__PROT: "1",
      },
    });
    expect(config.server.port).toBe(8080);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("SEMCACHE_SERVER__PROT");
    expect(warnings[0]).toContain("SEMCACHE_SERVER__PORT");
  });

  test("the first Semcache's names keep working, its threshold with its meaning", () => {
    const files = {
      "config.yaml":
        "port: 7000\nlog_level: INFO\nsimilarity_threshold: 0.9\neviction_policy: { policy_type: entry_limit, value: 10 }",
    };
    const { config, notes } = load({ files });
    expect(config.server.port).toBe(7000);
    expect(config.telemetry.logLevel).toBe("info");
    expect(config.matching.minSimilarity).toBeCloseTo(0.8, 10);
    expect(config.cache).toMatchObject({ maxEntries: 10, maxBytes: null });
    expect(notes.join()).toContain("cosine 0.8");
    expect(load({ env: { SEMCACHE_PORT: "7001", SEMCACHE_LOG_LEVEL: "DEBUG" } }).config).toMatchObject({
      server: { port: 7001 },
      telemetry: { logLevel: "debug" },
    });
  });

  test("another product's config.yaml is not read unasked, and refused when it is asked for", () => {
    const files = { "config.yaml": "model_list: []\nport: 1" };
    expect(load({ files }).source).toBeNull();
    expect(() => load({ files, file: "config.yaml" })).toThrow(/model_list is not a setting/);
    expect(load({ files: { "config.yaml": "{ not: [yaml" } }).source).toBeNull();
  });

  test.each([
    ["server: { prot: 1 }", /server\.prot is not a setting \(did you mean server\.port\?\)/],
    ["chache: { mode: off }", /chache is not a setting \(did you mean cache\?\)/],
    ["server: { port: 99999 }", /server\.port is 99999, allowed is a whole number from 0 to 65535/],
    ["cache: { ttl: soon }", /cache\.ttl is "soon", allowed is a duration such as/],
    ["cache: { max_entry: 1 parsec }", /cache\.max_entry is "1 parsec", allowed is a size/],
    ["cache: { eviction_policy: [] }", /cache\.eviction_policy is \[\], allowed is \{ policy_type/],
    ["cache: { mode: fast }", /cache\.mode is "fast", allowed is one of semantic, exact, shadow, off/],
    ["cache: { tenancy: header }", /cache\.tenancy is "header", allowed is credential, shared or header:<name>/],
    ["store: { kind: redis }", /store\.kind is "redis", allowed is one of embedded, memory.*not part of this version/],
    ["embedding: { provider: openai }", /embedding\.provider is "openai".*not part of this version/],
    [
      "upstream: { providers: { openai: { base_url: api.openai.com } } }",
      /upstream\.providers\.openai\.base_url is "api\.openai\.com"/,
    ],
    ["server: [1]", /server is \[1\]/],
    ['server: { admin_token: " " }', /server\.admin_token is \(hidden\), allowed is text that is not empty/],
    ["cache: { tenant_secret: short }", /cache\.tenant_secret is \(hidden\)/],
    ["- 1", /is not a map of settings/],
    ["a: [", /semcache\.yaml/],
  ])("%s is refused with key, value and what is allowed", (yaml, message) => {
    expect(() => load({ files: { "semcache.yaml": yaml } })).toThrow(message);
    expect(() => load({ files: { "semcache.yaml": yaml } })).toThrow(
      expect.objectContaining({ code: "config-invalid" }),
    );
  });

  test.each<readonly [string, NodeJS.ProcessEnv, RegExp]>([
    ["upstream: { proxy: 'ftp://user:s3cret@host' }", {}, /upstream\.proxy is "ftp:\/\/host\/", allowed/],
    ["upstream: { proxy: 'user:s3cret@host:3128' }", {}, /upstream\.proxy is "\[redacted\]@host:3128", allowed/],
    [
      "upstream: { providers: { openai: { base_url: 'https//user:s3cret@host' } } }",
      {},
      /"\[redacted\]@host", allowed/,
    ],
    [
      "upstream: { providers: { openai: { base_url: 'https://host:port/?api_key=s3cret' } } }",
      {},
      /api_key=\[redacted\]"/,
    ],
    ["upstream: { providers: { openai: 'https://user:s3cret@host' } }", {}, /openai is "https:\/\/host\/", allowed/],
    ["upstream: { allow: { a: 'https://user:s3cret@host' } }", {}, /allow is \{"a":"https:\/\/host\/"\}, allowed/],
    ["upstream: { 'https://user:s3cret@host': 1 }", {}, /upstream\.https:\/\/host\/ is not a setting/],
    [
      "matching: { judge: { url: 'https://user:s3/cret@host', model: m } }",
      {},
      /"https:\/\/\[redacted\]@host", allowed/,
    ],
    ["matching: { judge: [{ api_key: s3cret }] }", {}, /judge is \[\{"api_key":"\(hidden\)"\}\], allowed/],
    [
      "",
      { SEMCACHE_MATCHING__JUDGE: '{"url":"https://host","api_key":"s3cret"' },
      /judge is \(hidden\) \(from the variable/,
    ],
    ["", { SEMCACHE_UPSTREAM__ALLOW: "https://user:s3cret@host" }, /allow is "https:\/\/host\/" \(from the variable/],
    ["matching: { max_prompt_tokens: 1000 }", {}, /max_prompt_tokens is 1000, allowed/],
  ])("%s %j: the message has no credential", (yaml, env, message) => {
    const failing = () => load({ files: { "semcache.yaml": yaml }, env });
    expect(failing).toThrow(message);
    // The name of the folder is made of random letters, which may be those of the secret.
    expect(failing).toThrow(/^(?!.*(?:(?<!semcache-config-\w*)s3|cret@|user:))/s);
  });

  test("both kinds of limit may be given; the tighter of a kind counts", () => {
    const yaml =
      "cache: { eviction_policy: [{ policy_type: entry_limit, value: 5 }, { policy_type: memory_limit_mb, value: 2 }, { policy_type: entry_limit, value: 3 }] }";
    expect(load({ files: { "semcache.yaml": yaml } }).config.cache).toMatchObject({
      maxEntries: 3,
      maxBytes: 2 * 1_048_576,
    });
  });

  test("printing hides secrets", () => {
    const { settings } = load({
      env: {
        SEMCACHE_SERVER__ADMIN_TOKEN: "top-secret-token",
        SEMCACHE_CACHE__TENANT_SECRET: "another-secret-here",
        SEMCACHE_MATCHING__JUDGE__URL: "https://user:password@judge.example/v1",
        SEMCACHE_MATCHING__JUDGE__MODEL: "a-judge",
        SEMCACHE_MATCHING__JUDGE__API_KEY: "judge-secret-key",
        SEMCACHE_UPSTREAM__PROXY: "http://user:password@proxy.example:3128",
        SEMCACHE_UPSTREAM__PROVIDERS__OPENAI__BASE_URL: "https://user:password@openai.example/v1",
      },
    });
    const printed = JSON.stringify(redactSettings(settings));
    for (const secret of ["top-secret-token", "another-secret-here", "judge-secret-key", "password", "user:"])
      expect(printed).not.toContain(secret);
    // What has none stays as it was written.
    expect(redactSettings(load({}).settings).upstream.providers.openai.base_url).toBe("https://api.openai.com");
  });

  test("a file that cannot be read is a wrong configuration", () => {
    expect(() => load({ file: "." })).toThrow(expect.objectContaining({ code: "config-invalid" }));
  });

  test("a wrong variable is named", () => {
    const files = { "semcache.yaml": "server: { port: 1 }" };
    expect(() => load({ files, env: { SEMCACHE_UPSTREAM__ALLOW: "http://10.0.0.5:11434" } })).toThrow(
      /upstream\.allow is "http:\/\/10\.0\.0\.5:11434" \(from the variable SEMCACHE_UPSTREAM__ALLOW; lists and maps are JSON\), allowed is a list of text/,
    );
  });
});
