import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isSemcacheError, SemcacheError } from "#semcache/base/errors.js";
import { readDashboardFiles } from "#semcache/dashboard/dashboard-files.js";
import { Landings } from "#semcache/cache/landings.js";
import { createTenantResolver } from "#semcache/cache/tenant.js";
import { loadConfig } from "#semcache/config/load.js";
import { dialects } from "#semcache/formats/dialects.js";
import { createUpstreamPolicy } from "#semcache/upstream/upstream-policy.js";
import { createOperatorAccess } from "#semcache/http/operator-access.js";
import { createOperatorRoutes, type OperatorDeps } from "#semcache/http/operator-routes.js";
import { HitLedger } from "#semcache/matching/audit/hit-ledger.js";
import { createTrust } from "#semcache/matching/audit/trust.js";
import { createMemoryStateStore } from "#semcache/store/state-store.js";
import { createMemoryCacheStore } from "#semcache/store/memory-cache-store.js";
import { createDecisions } from "#semcache/telemetry/decisions.js";
import { History } from "#semcache/telemetry/history.js";
import { createMetrics } from "#semcache/telemetry/metrics.js";
import { PromptUnlock } from "#semcache/telemetry/prompt-unlock.js";
import { createSavings } from "#semcache/telemetry/savings.js";
import { SavingsHistory } from "#semcache/telemetry/savings-history.js";
import { createTotals } from "#semcache/telemetry/totals.js";
import { EntryImporter } from "#semcache/transfer/entry-importer.js";
import type { CacheEntry } from "#semcache/model/cache-entry.js";
import type { ExactKey, PartitionKey, TenantId } from "#semcache/model/keys.js";

/** The time that the tests' clock shows. */
export const NOW_MS = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;

const PROVIDER = "https://provider.example";
const unit = new Float32Array([0.6, 0.8]);

/** The operator's routes on a socket, with the real store, telemetry and access; the judgement of pairs is the test's. */
export async function startAdminServer(
  options: { readonly adminToken?: string; readonly listenHost?: string; readonly deps?: Partial<OperatorDeps> } = {},
) {
  const clock = { now: () => NOW_MS };
  const { config } = loadConfig({ env: {}, workingFolder: import.meta.dirname });
  const store = createMemoryCacheStore({ clock, maxEntries: 100, maxBytes: null });
  const decisions = createDecisions();
  const totals = createTotals();
  const savings = createSavings();
  const metrics = createMetrics();
  metrics.connect({ store: () => store.stats() });
  const listenHost = options.listenHost ?? "127.0.0.1";
  const access = createOperatorAccess({ adminToken: options.adminToken ?? null, listenHost });
  const deps: OperatorDeps = {
    version: "9.9.9",
    startedAtMs: NOW_MS - 60_000,
    clock,
    store,
    matcher: {
      id: "matcher-1",
      embedderId: "embedder-1",
      prepare: async () => ({ kind: "comparable", vector: { embedderId: "embedder-1", values: unit } }),
      compare: async () => ({
        verdict: "miss",
        reason: "no-candidate",
        similarity: 0,
        verifier: null,
        confidence: null,
        threshold: null,
        guard: [],
      }),
    },
    mode: "semantic",
    shadowLedger: new HitLedger({ name: "shadow", state: createMemoryStateStore(), clock }),
    auditLedger: new HitLedger({ name: "audits", state: createMemoryStateStore(), clock }),
    judge: () => null,
    decisions,
    totals,
    savings,
    savingsHistory: new SavingsHistory({ keeper: createMemoryStateStore(), clock }),
    trust: createTrust({ state: createMemoryStateStore(), clock, maxErrorRate: 0.01, onRaised: () => undefined }),
    metrics,
    history: new History({ keeper: createMemoryStateStore(), clock, gauge: () => store.stats() }),
    prompts: new PromptUnlock({
      logPrompts: false,
      clock,
      onEnd: () => decisions.wipePrompts(),
      onChange: () => undefined,
    }),
    draining: new AbortController().signal,
    readiness: () => ({ state: "ready", parts: [] }),
    dashboardFiles: readDashboardFiles(),
    importer: new EntryImporter({
      store,
      matcher: { prepare: async () => ({ kind: "comparable", vector: { embedderId: "embedder-1", values: unit } }) },
      embedder: { id: "embedder-1", dimensions: unit.length },
      landings: new Landings(),
      clock,
      dialects,
      policy: createUpstreamPolicy({ allow: [], allowPublic: false, providers: [PROVIDER], viaEgressProxy: false }),
      tenants: createTenantResolver({ tenancy: "credential", secret: Buffer.from("a secret of tests") }),
      settings: {
        providers: { openai: PROVIDER, anthropic: PROVIDER },
        plan: { ...config.cache, maxErrorRate: 0.01 },
        ignoreFields: config.cache.ignoreFields,
        varyHeaders: [],
        maxEntryBytes: 10_000,
      },
      deployment: "deployment-1",
    }),
    deployment: "deployment-1",
    maxLineBytes: 100_000,
    ...options.deps,
  };
  const routes = createOperatorRoutes(deps);
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? "/", "http://semcache");
      const route = routes.find(
        ({ method, path }) =>
          method === request.method && new RegExp(`^${path.replace("{id}", "[^/]+")}$`).test(url.pathname),
      );
      if (!route) throw new SemcacheError("not-found", `Cannot find ${url.pathname}`);
      if (route.access === "operator") access.assert(request, response, route.bodyType);
      await route.handle(request, response, url);
    } catch (error) {
      if (!isSemcacheError(error)) throw error;
      if (error.code === "aborted" || response.destroyed) {
        response.destroy();
        return;
      }
      const body = JSON.stringify({ error: { message: error.message, code: error.code } });
      response.writeHead(error.status, ["content-type", "application/json", "x-semcache-error", error.code]);
      response.end(body);
    }
  }

  server.listen(0, listenHost);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    port,
    store,
    decisions,
    totals,
    metrics,
    async get(path: string, init: RequestInit = {}) {
      const response = await fetch(`${origin}${path}`, init);
      const text = await response.text();
      const type = response.headers.get("content-type") ?? "";
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: type.startsWith("application/json") ? JSON.parse(text) : null,
      };
    },
    post(path: string, body: unknown, headers: Record<string, string> = {}) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return this.get(path, {
        method: "POST",
        body: text,
        headers: { "content-type": "application/json", ...headers },
      });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await store.close();
    },
  };
}

export function sampleEntry(id: string, changes: Partial<CacheEntry> = {}): CacheEntry {
  return {
    id,
    exactKey: `exact-${id}` as ExactKey,
    partition: "partition-1" as PartitionKey,
    tenant: "tenant-1" as TenantId,
    namespace: "",
    dialect: "openai-chat",
    upstream: "https://api.openai.com/v1/chat/completions",
    model: "gpt-4o-mini",
    promptText: `What is ${id}?`,
    vector: null,
    answer: {
      shape: "json",
      status: 200,
      contentType: "application/json",
      openaiVersion: null,
      body: Buffer.from(`{"id":"${id}"}`),
    },
    usage: { inputTokens: 3, outputTokens: 4 },
    finishReason: "stop",
    providerMs: 700,
    tags: [],
    createdAtMs: NOW_MS - DAY_MS,
    expiresAtMs: NOW_MS + DAY_MS,
    ...changes,
  };
}
