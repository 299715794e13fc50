// The composition root: configuration in, running server out. The only file that may know every room.
import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock, type Clock } from "./base/clock.ts";
import { isSemcacheError, SemcacheError } from "./base/errors.ts";
import { createAdmission } from "./cache/admission.ts";
import { createCacheAside } from "./cache/cache-aside.ts";
import { FrameJournal } from "./cache/frame-journal.ts";
import { Landings } from "./cache/landings.ts";
import { createLookup } from "./cache/lookup.ts";
import { loadTenantSecret, restoreTenantSecret } from "./cache/tenant-secret.ts";
import { createTenantResolver, toDeploymentMark } from "./cache/tenant.ts";
import { ServedHits } from "./cache/served-hits.ts";
import type { Config } from "./config/config.ts";
import { readDashboardFiles } from "./dashboard/dashboard-files.ts";
import { createLocalEmbedder } from "./embedding/local-embedder.ts";
import { dialects } from "./formats/dialects.ts";
import { createCacheAsideRoutes } from "./http/cache-aside-routes.ts";
import { createFeedbackRoutes } from "./http/feedback-routes.ts";
import { createOperatorAccess } from "./http/operator-access.ts";
import type { OperatorDeps, PartState, Readiness } from "./http/operator-route.ts";
import { createOperatorRoutes } from "./http/operator-routes.ts";
import { createRequestHandler } from "./http/request-handler.ts";
import { createRouter } from "./http/router.ts";
import { HttpServer } from "./http/server.ts";
import type { InferencePool } from "./inference/inference-pool.ts";
import { loadModelManifest } from "./inference/model-manifest.ts";
import { createWorkerPool } from "./inference/worker-pool.ts";
import { createAnswerComparer } from "./matching/audit/compare-answers.ts";
import { createTrust } from "./matching/audit/trust.ts";
import { barFor } from "./matching/calibration/calibration.ts";
import { loadCalibration } from "./matching/calibration/load-calibration.ts";
import { createPromptGuard } from "./matching/guard/prompt-guard.ts";
import { createLocalVerifier } from "./matching/local-verifier.ts";
import type { Matcher } from "./matching/matcher.ts";
import { createMatcher } from "./matching/prompt-matcher.ts";
import { costOf } from "./pricing/cost-of.ts";
import { createPriceList } from "./pricing/price-list.ts";
import { createAuditor } from "./proxy/auditor.ts";
import { errorDialect } from "./proxy/interpret-exchange.ts";
import { createProxy } from "./proxy/proxy.ts";
import { sendOwnError } from "./proxy/own-error.ts";
import type { CacheStore } from "./store/cache-store.ts";
import { openCacheStore } from "./store/create-cache-store.ts";
import { openFileStateStore } from "./store/file-state-store.ts";
import { createMemoryStateStore } from "./store/state-store.ts";
import { createDecisions } from "./telemetry/decisions.ts";
import { History } from "./telemetry/history.ts";
import { createStreamSink } from "./telemetry/line-sink.ts";
import { createLog } from "./telemetry/log.ts";
import { createMetrics } from "./telemetry/metrics.ts";
import { PromptUnlock } from "./telemetry/prompt-unlock.ts";
import { createSavings } from "./telemetry/savings.ts";
import { createTotals } from "./telemetry/totals.ts";
import { EntryImporter, toMaxLineBytes } from "./transfer/entry-importer.ts";
import { createNodeHttpClient } from "./upstream/node-http-client.ts";
import { createUpstreamPolicy } from "./upstream/upstream-policy.ts";
import { version } from "./version.ts";

/** How long the end of the process waits for models that are slow, or hang. */
const LANDING_GRACE_MS = 2_000;
/** How long listening waits for the store: one of some thousand entries is loaded by then, and no request is missed by a blink. */
const LOADING_GRACE_MS = 500;

export interface App {
  /** @throws {SemcacheError} `listen-failed` */
  listen(): Promise<{ readonly url: string; readonly host: string; readonly port: number }>;
  /** Resolves when the models are warm and the store is loaded: until then requests are relayed. */
  ready(): Promise<void>;
  /** `/ready` is 503 from now on; requests under way get `server.shutdown_grace` to end. */
  close(): Promise<void>;
  /** After a fault that nobody foresaw: tells of it and writes the log out. What is in memory is trusted no more. */
  abandon(fault: unknown): Promise<void>;
}

export interface AppOptions {
  readonly clock?: Clock;
  /** Standard output if not given. */
  readonly logStream?: Writable;
  /** Lines about the configuration for the start of the log. */
  readonly notes?: readonly string[];
  readonly warnings?: readonly string[];
  readonly source?: string | null;
}

/** The judgement on pairs of prompts, with the models that it needs. */
export interface Judging {
  readonly matcher: Matcher;
  /** The same judgement, never refused for load: for people's questions, whose verdict must not depend on it. */
  readonly patientMatcher: Matcher;
  readonly pool: InferencePool;
  /** The confidence from which a pair is a hit at this rate of wrong hits; infinite: nothing is. */
  barAt(maxErrorRate: number): number;
  close(): Promise<void>;
}

/** @throws {SemcacheError} `model-unusable` */
export async function createJudging({ matching, embedding }: Config): Promise<Judging> {
  const models = await loadModelManifest();
  const calibration = await loadCalibration();
  const pool = createWorkerPool({ models, workers: embedding.workers, maxQueue: matching.maxQueue });
  const make = (queue: "bounded" | "unbounded") =>
    createMatcher({
      embedder: createLocalEmbedder(pool, { queue }),
      verifier: createLocalVerifier(pool, { queue }),
      guard: createPromptGuard(),
      calibration,
      maxErrorRate: matching.maxErrorRate,
      maxPromptTokens: matching.maxPromptTokens,
      similarityFloor: matching.minSimilarity,
      guardOn: matching.guard,
      verifierOn: matching.verifier,
    });
  const matcher = make("bounded");
  return {
    matcher,
    patientMatcher: make("unbounded"),
    pool,
    barAt: (maxErrorRate) => barFor(calibration, maxErrorRate),
    close: () => pool.close(),
  };
}

/**
 * The store of the configuration, with or without a server around it: loaded, or with its folder held where it `loadsLater`.
 *
 * @throws {SemcacheError} `store-locked` when another process has the folder
 */
export function openStore(
  { cache, store }: Config,
  {
    clock,
    onFault,
    beforeOpen,
    loadsLater,
  }: {
    readonly clock: Clock;
    readonly onFault: (message: string) => void;
    readonly beforeOpen?: (folder: string) => Promise<void>;
    readonly loadsLater?: boolean;
  },
): Promise<CacheStore> {
  const { maxEntries, maxBytes, eviction, keepExpiredMs, staleMatch } = cache;
  const options = {
    clock,
    maxEntries,
    maxBytes,
    eviction,
    keepExpiredMs,
    expiredByMeaning: staleMatch === "semantic",
    onFault,
  };
  return store.kind === "memory"
    ? openCacheStore({ kind: "memory", ...options })
    : openCacheStore({
        kind: "embedded",
        folder: store.path,
        ...options,
        beforeOpen: beforeOpen && (() => beforeOpen(store.path)),
        loadsLater,
      });
}

/** @throws {SemcacheError} `config-invalid`, `model-unusable`, `store-locked` */
export async function createApp(config: Config, options: AppOptions = {}): Promise<App> {
  const { clock = systemClock, logStream, notes = [], warnings = [], source = null } = options;
  const { server, upstream, cache, matching, telemetry } = config;
  const log = createLog({
    level: telemetry.logLevel,
    format: telemetry.logFormat,
    logPrompts: telemetry.logPrompts,
    ...(logStream && { sink: createStreamSink(logStream) }),
  });
  for (const note of notes) log.info(note);
  for (const warning of warnings) log.warn(warning);
  if (cache.tenancy === "shared") {
    log.warn("cache.tenancy is shared: every caller may be given answers that were made for another one's credential");
  }

  const metrics = createMetrics();
  const totals = createTotals();
  const savings = createSavings();
  const prices = createPriceList(config.prices);
  const decisions = createDecisions();
  const prompts = new PromptUnlock({
    logPrompts: telemetry.logPrompts,
    clock,
    onEnd: () => decisions.wipePrompts(),
    onChange: (message, details) => log.warn(message, details),
  });
  const onDefect = (error: unknown, requestId: string) =>
    log.error("Unexpected fault", { request: requestId, error: describeFault(error) });

  const policy = createUpstreamPolicy({
    allow: upstream.allow,
    allowPublic: upstream.allowPublic,
    providers: upstream.baseUrls,
    viaEgressProxy: upstream.proxy !== null,
  });
  const client = createNodeHttpClient({ policy, timeouts: upstream.timeouts, proxy: upstream.proxy });
  const { secret, source: secretSource } = await loadTenantSecret({
    configured: cache.tenantSecret,
    dataFolder: config.store.path,
  }).catch((error: unknown) => {
    // On a read-only disk the proxy does its work; what it learns ends with the process.
    if (!isUnwritable(error)) throw error;
    log.warn("The data folder cannot be written: tenants and verdicts are forgotten when the process ends", {
      error: String(error),
    });
    return loadTenantSecret({ configured: null, dataFolder: null });
  });
  const tenants = createTenantResolver({ tenancy: cache.tenancy, secret });
  const store = await openStore(config, {
    clock,
    onFault: (message) => log.warn(message),
    loadsLater: true,
    ...(secretSource !== "configured" && { beforeOpen: (folder) => restoreTenantSecret(folder, secret) }),
  });
  const judging = await createJudging(config);
  const { matcher, pool } = judging;
  const state =
    config.store.path === null
      ? createMemoryStateStore()
      : await openFileStateStore({ folder: config.store.path, onFault: (message) => log.warn(message) });
  const history = new History({
    keeper: state,
    clock,
    gauge: () => (store.health().state === "loading" ? null : store.stats()),
  });
  const trust = createTrust({
    state,
    clock,
    maxErrorRate: matching.maxErrorRate,
    onRaised: (message, { now, ...details }) =>
      log.warn(message, { ...details, now, matching: Number.isFinite(judging.barAt(now)) ? "on" : "off" }),
  });
  if (!Number.isFinite(judging.barAt(matching.maxErrorRate))) {
    log.warn(
      `matching.max_error_rate is ${matching.maxErrorRate}, and no bar was certified for so low a rate: nothing is matched by meaning`,
    );
  }
  store.onRemoved(({ id }) => matcher.forget(id));

  const landings = new Landings();
  const lookup = createLookup({
    store,
    matcher,
    landings,
    trust,
    clock,
    candidates: matching.candidates,
    timeoutMs: matching.timeoutMs,
    modelsReady: () => pool.status().ready,
    onFault: (error) => {
      metrics.countStoreError("lookup");
      log.warn("A lookup failed and became a miss", { error: String(error) });
    },
  });
  const admission = createAdmission({
    store,
    matcher: judging.patientMatcher,
    landings,
    clock,
    maxEntryBytes: cache.maxEntryBytes,
    onLost: (reason, error) => {
      metrics.countStoreError("put");
      const details = { reason, ...(error === null ? {} : { error: String(error) }) };
      // A store that cannot be written has said so, in one line.
      if (store.health().state === "ok") log.warn("An answer was not stored", details);
      else log.debug("An answer was not stored", details);
    },
  });
  const proxySettings = {
    providers: upstream.providers,
    plan: { ...cache, maxErrorRate: matching.maxErrorRate },
    ignoreFields: cache.ignoreFields,
    varyHeaders: cache.varyHeaders,
    tenantHeader: cache.tenancy.startsWith("header:") ? cache.tenancy.slice("header:".length).toLowerCase() : null,
    maxEntryBytes: cache.maxEntryBytes,
    idleMs: upstream.timeouts.idleMs,
  };
  const served = new ServedHits();
  const auditor = createAuditor({
    rate: matching.auditRate,
    random: Math.random,
    upstream: client,
    comparer: createAnswerComparer({
      embedder: createLocalEmbedder(pool, { queue: "unbounded" }),
      guard: createPromptGuard(),
    }),
    trust,
    settings: proxySettings,
    onAnswer: ({ model, usage }) => {
      const cost = usage && model !== null ? costOf(usage, model, prices) : null;
      savings.addAudit({ usage, cost });
      if (cost !== null) metrics.countAuditCost(cost);
    },
    onOutcome: (outcome, { request, entry }) => {
      metrics.countAudit(outcome);
      if (outcome === "wrong") log.warn("An audit found a wrong hit", { request, entry });
      else log.debug("An audit is over", { outcome, request, entry });
    },
  });
  const proxy = createProxy({
    clock,
    prices,
    dialects,
    policy,
    upstream: client,
    store,
    matcher,
    lookup,
    admission,
    frames: new FrameJournal(),
    tenants,
    auditor,
    served,
    settings: proxySettings,
    keepsPrompts: () => prompts.isOpen,
    report: (report) => {
      // What the operator was let see is for the decisions alone, and only as long as that lasts.
      const told = telemetry.logPrompts || report.prompts === null ? report : { ...report, prompts: null };
      metrics.observe(told);
      totals.add(told);
      savings.add(told);
      history.add(told);
      decisions.add(prompts.isOpen ? report : told);
      log.request(told);
    },
    onRefresh: (outcome) => metrics.countRefresh(outcome),
    onDefect,
  });
  metrics.connect({
    store: () => store.stats(),
    storeWritable: () => store.health().state === "ok",
    degradedParts: () => readiness().parts.length,
    inference: () => pool.status(),
    flights: () => ({ open: proxy.flights.size }),
    trust: () => {
      const { barredPairs, steps } = trust.summary();
      return { barredPairs, raisedSteps: Object.values(steps.partitions).reduce((sum, each) => sum + each, steps.all) };
    },
    log: () => ({ lostLines: log.lostLines }),
  });

  let modelFault: string | null = null;
  const warm = pool.warm().catch((error: unknown) => {
    modelFault = error instanceof Error ? error.message : String(error);
    // Closed before they were loaded, because the start failed elsewhere: that is told there.
    if (isSemcacheError(error, "aborted")) throw error;
    log.error("The models cannot be used: prompts are not compared by meaning", { error: modelFault });
    throw error;
  });
  warm.catch(() => undefined);
  const readiness = (): Readiness => {
    const parts: PartState[] = [];
    const { ready, degraded } = pool.status();
    const health = store.health();
    if (!ready) parts.push({ name: "embedder", detail: modelFault ?? "the models are loading" });
    else if (degraded)
      parts.push({ name: "embedder", detail: "a model worker died and is being started again: lookups are slower" });
    if (health.state !== "ok") parts.push({ name: "store", detail: health.detail });
    if (httpServer.draining) return { state: "draining", parts };
    const isWarm = (ready || modelFault !== null) && health.state !== "loading";
    return { state: isWarm ? "ready" : "warming", parts };
  };

  const draining = new AbortController();
  const access = createOperatorAccess({
    adminToken: server.adminToken,
    listenHost: server.host,
    onDisabled: (line) => log.warn(line),
  });
  const countFaults = <T>(operation: string, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      if (isSemcacheError(error, "store-failed")) metrics.countStoreError(operation);
      throw error;
    });
  // A hit can come from an entry that has not landed: whoever asks for it by its id, or deletes it, waits for it.
  const landedStore: OperatorDeps["store"] = {
    kind: store.kind,
    async get(id, signal) {
      const entry = await store.get(id, signal);
      if (entry !== null || landings.size === 0) return entry;
      await landings.all();
      return store.get(id, signal);
    },
    list: (page, signal) => store.list(page, signal),
    async delete(selector, how) {
      if (selector.kind === "id") await landedStore.get(selector.id);
      return countFaults("delete", store.delete(selector, how));
    },
    stats: () => store.stats(),
  };
  const deployment = toDeploymentMark({ tenancy: cache.tenancy, secret });
  const operatorRoutes = [
    ...createOperatorRoutes({
      version,
      startedAtMs: clock.now(),
      clock,
      store: landedStore,
      matcher: judging.patientMatcher,
      decisions,
      totals,
      history,
      prompts,
      draining: draining.signal,
      savings,
      trust,
      metrics,
      readiness,
      dashboardFiles: readDashboardFiles(),
      importer: new EntryImporter({
        store,
        matcher: judging.patientMatcher,
        embedder: { id: matcher.embedderId, dimensions: pool.models.embedder.dimensions },
        landings,
        clock,
        dialects,
        policy,
        tenants,
        settings: proxySettings,
        deployment,
      }),
      deployment,
      maxLineBytes: toMaxLineBytes(cache),
    }),
    ...createFeedbackRoutes({
      served,
      trust,
      store: landedStore,
      tenants,
      onFeedback: (verdict, about) => {
        metrics.countFeedback(verdict);
        decisions.noteFeedback(about, verdict);
      },
    }),
    ...createCacheAsideRoutes({
      cacheAside: createCacheAside({
        ...cache,
        store: {
          put: (...what) => countFaults("put", store.put(...what)),
          generation: () => store.generation(),
          health: () => store.health(),
        },
        matcher,
        lookup,
        clock,
        byMeaning: cache.mode === "semantic",
      }),
      tenants,
      served,
      clock,
      // Key and value with room for the escapes of JSON.
      maxBodyBytes: 2 * (cache.maxEntryBytes + cache.maxRequestBytes),
    }),
  ];
  const handle = createRequestHandler({
    router: createRouter(operatorRoutes),
    access,
    proxy,
    dialects,
    maxRequestBytes: cache.maxRequestBytes,
    maxBodyBytes: server.maxBodyBytes,
    onDefect,
  });
  const httpServer = new HttpServer({ host: server.host, port: server.port, keepAliveMs: server.keepAliveMs, handle });

  // Last: whatever could keep the start from succeeding is behind, and need not wait for it.
  const loading = store.load();
  loading.catch(() => undefined);
  const ready = Promise.all([warm, loading]).then(() => undefined);
  ready.catch(() => undefined);

  const release = async () => {
    proxy.close();
    await auditor.close();
    await client.close();
    // What is being embedded gets a moment; without its models it lands without a vector.
    await Promise.race([landings.all(), delay(LANDING_GRACE_MS, undefined, { ref: false })]);
    await judging.close();
    await landings.all();
    history.close();
    prompts.close();
    await store.close();
    await state.close();
  };

  return {
    async listen() {
      await Promise.race([loading, delay(LOADING_GRACE_MS, undefined, { ref: false })]).catch(() => undefined);
      const { host, port } = await httpServer.listen().catch(async (error: unknown) => {
        // Workers that go on would keep the process from ending.
        await release();
        await log.close();
        throw error;
      });
      const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
      history.start();
      log.info("Listening", { version, url, config: source ?? "defaults", store: store.kind, matcher: matcher.id });
      if (store.health().state === "loading") {
        log.info("Requests are relayed until the store has loaded its entries; /ready says how far it is");
        loading.then(
          () => log.info("The store has loaded its entries", { entries: store.stats().entries }),
          () => undefined,
        );
      }
      return { url, host, port };
    },
    ready: () => ready,
    async close() {
      log.info("Draining", { requests: httpServer.activeRequests });
      draining.abort();
      await httpServer.close(server.shutdownGraceMs, refuseDraining);
      await release();
      log.info("Stopped");
      await log.close();
    },
    async abandon(fault) {
      log.error("Stopping after an unexpected fault", { error: describeFault(fault) });
      await log.close();
    },
  };
}

function isUnwritable(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return ["EACCES", "EPERM", "EROFS", "ENOSPC"].includes(cause?.code ?? "");
}

function describeFault(fault: unknown): string {
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
}

function refuseDraining(response: ServerResponse): void {
  const { req: request } = response;
  sendOwnError(
    response,
    errorDialect({ route: "other", target: request.url ?? "/", request }, dialects),
    new SemcacheError("draining", "Cannot finish the request: the server is shutting down"),
    [],
  );
}
