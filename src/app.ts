// The composition root: configuration in, running server out. The only file that may know every room.
import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock, type Clock } from "./base/clock.ts";
import { isSemcacheError, SemcacheError } from "./base/errors.ts";
import { FrameJournal } from "./cache/frame-journal.ts";
import { Landings } from "./cache/landings.ts";
import { loadTenantSecret, restoreTenantSecret } from "./cache/tenant-secret.ts";
import { createTenantResolver, toDeploymentMark } from "./cache/tenant.ts";
import { keepServedHits } from "./cache/served-file.ts";
import { ServedHits } from "./cache/served-hits.ts";
import type { Config } from "./config/config.ts";
import type { ReloadPlan } from "./config/plan-reload.ts";
import { readDashboardFiles } from "./dashboard/dashboard-files.ts";
import { dialects } from "./formats/dialects.ts";
import type { PartState, Readiness } from "./http/operator-route.ts";
import { HttpServer } from "./http/server.ts";
import { HitLedger } from "./matching/audit/hit-ledger.ts";
import { LABELLED_PAIRS_FILE, LabelledPairs } from "./matching/audit/labelled-pairs.ts";
import { createTrust } from "./matching/audit/trust.ts";
import { errorDialect } from "./proxy/interpret-exchange.ts";
import { sendOwnError } from "./proxy/own-error.ts";
import { createMatchers, isMatched, openModels, type Matchers, type Models } from "./serving/models.ts";
import { createProviders, createServing, type Foundation } from "./serving/serving.ts";
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
import { SavingsHistory } from "./telemetry/savings-history.ts";
import { loadTracing } from "./telemetry/tracing/load-tracing.ts";
import { createTotals } from "./telemetry/totals.ts";
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
  /**
   * Takes the configuration over that `read` gives; requests under way end under the one that they began with. Null:
   * nothing changed, because `read` threw, or the server is ending. Throws nothing; the log tells.
   */
  reload(read: () => ReloadPlan): ReloadPlan | null;
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
export interface Judging extends Matchers, Models {
  close(): Promise<void>;
}

/** @throws {SemcacheError} `model-unusable` */
export async function createJudging(config: Config): Promise<Judging> {
  const models = await openModels(config);
  return { ...models, ...createMatchers(models, config.matching), close: () => models.pool.close() };
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
  const { server, cache, matching, telemetry } = config;
  const log = createLog({
    level: telemetry.logLevel,
    format: telemetry.logFormat,
    logPrompts: telemetry.logPrompts,
    ...(logStream && { sink: createStreamSink(logStream) }),
  });
  // Before anything is opened: what is wrong with it ends the start.
  createProviders(config.upstream);
  for (const note of notes) log.info(note);
  for (const warning of warnings) log.warn(warning);
  if (cache.tenancy === "shared") {
    log.warn("cache.tenancy is shared: every caller may be given answers that were made for another one's credential");
  }

  const metrics = createMetrics();
  const totals = createTotals();
  const savings = createSavings();
  const decisions = createDecisions();
  const prompts = new PromptUnlock({
    logPrompts: telemetry.logPrompts,
    clock,
    onEnd: () => decisions.wipePrompts(),
    onChange: (message, details) => log.warn(message, details),
  });
  const onDefect = (error: unknown, requestId: string) =>
    log.error("Unexpected fault", { request: requestId, error: describeFault(error) });

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
  const tracing = await loadTracing({
    version,
    onFault: (error) => log.warn("Something is wrong with the OpenTelemetry SDK", { error: describeFault(error) }),
  });
  const models = await openModels(config);
  const { pool } = models;
  const { path: folder } = config.store;
  const onFault = (message: string) => log.warn(message);
  const openState = async (file: { readonly fileName?: string } = {}) =>
    folder === null ? createMemoryStateStore() : openFileStateStore({ folder, ...file, onFault });
  const state = await openState();
  const labelledState = await openState({ fileName: LABELLED_PAIRS_FILE });
  const labelled = new LabelledPairs({ state: labelledState });
  const served = new ServedHits();
  const servedFile = folder === null ? null : await keepServedHits(served, { folder, onFault });
  const history = new History({
    keeper: state,
    clock,
    gauge: () => (store.health().state === "loading" ? null : store.stats()),
  });
  const savingsHistory = new SavingsHistory({ keeper: state, clock });
  const trust = createTrust({
    state,
    clock,
    maxErrorRate: matching.maxErrorRate,
    isNearWrong: (partition, asked) => labelled.isNearWrong(partition, asked),
    onRaised: (message, { now, ...details }) =>
      log.warn(message, { ...details, now, matching: isMatched(models, now) ? "on" : "off" }),
  });
  const shadowLedger = new HitLedger({ name: "shadow", state, clock });
  const auditLedger = new HitLedger({ name: "audits", state, clock });
  metrics.connect({
    store: () => store.stats(),
    storeWritable: () => store.health().state === "ok",
    degradedParts: () => readiness().parts.length,
    inference: () => pool.status(),
    flights: () => ({ open: [...servings].reduce((sum, { openFlights }) => sum + openFlights, 0) }),
    trust: () => {
      const { barredPairs, steps } = trust.summary();
      return { barredPairs, raisedSteps: Object.values(steps.partitions).reduce((sum, each) => sum + each, steps.all) };
    },
    labelledPairs: () => labelled.counts,
    log: () => ({ lostLines: log.lostLines }),
    configReloaded: () => reloaded,
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
  const landings = new Landings();
  const foundation: Foundation = {
    clock,
    startedAtMs: clock.now(),
    log,
    metrics,
    totals,
    savings,
    savingsHistory,
    history,
    decisions,
    prompts,
    tracing,
    store,
    models,
    trust,
    shadowLedger,
    auditLedger,
    state,
    tenants,
    deployment: toDeploymentMark({ tenancy: cache.tenancy, secret }),
    landings,
    served,
    labelled,
    frames: new FrameJournal(),
    dashboardFiles: readDashboardFiles(),
    readiness,
    draining: draining.signal,
    onDefect,
  };
  let { shutdownGraceMs } = server;
  let reloaded = true;
  let serving = createServing(foundation, config);
  /** The current one, and those before it whose requests have not ended. */
  const servings = new Set([serving]);
  const httpServer = new HttpServer({
    host: server.host,
    port: server.port,
    keepAliveMs: server.keepAliveMs,
    handle: (request, response, id) => serving.handle(request, response, id),
  });

  /** @throws {SemcacheError} `config-invalid`, before anything is changed */
  const takeOver = (next: Config): void => {
    const before = serving;
    serving = createServing(foundation, next);
    servings.add(serving);
    void before.retire().finally(() => servings.delete(before));
    trust.promise(next.matching.maxErrorRate);
    ({ shutdownGraceMs } = next.server);
  };

  // Last: whatever could keep the start from succeeding is behind, and need not wait for it.
  const loading = store.load();
  loading.catch(() => undefined);
  const ready = Promise.all([warm, loading]).then(() => undefined);
  ready.catch(() => undefined);

  const release = async () => {
    await Promise.all([...servings].map((each) => each.close()));
    // What is being embedded gets a moment; without its models it lands without a vector.
    await Promise.race([landings.all(), delay(LANDING_GRACE_MS, undefined, { ref: false })]);
    await pool.close();
    await landings.all();
    history.close();
    savingsHistory.close();
    shadowLedger.close();
    auditLedger.close();
    prompts.close();
    await store.close();
    await servedFile?.close();
    await labelledState.close();
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
      savingsHistory.start();
      shadowLedger.start();
      auditLedger.start();
      log.info("Listening", {
        version,
        url,
        config: source ?? "defaults",
        store: store.kind,
        matcher: serving.matcherId,
      });
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
    reload(read) {
      if (draining.signal.aborted) return null;
      let plan: ReloadPlan;
      try {
        plan = read();
        if (plan.changed.length > 0) takeOver(plan.config);
      } catch (error) {
        reloaded = false;
        log.error("The configuration was not reloaded: the one before goes on", { error: toMessage(error) });
        return null;
      }
      reloaded = true;
      const { changed, needRestart } = plan;
      for (const note of plan.notes) log.info(note);
      for (const warning of plan.warnings) log.warn(warning);
      log.info("The configuration was reloaded", { config: plan.source ?? "defaults", changed });
      if (needRestart.length > 0)
        log.warn("Some settings stay as they were until a restart", { settings: needRestart });
      // Last, so that whoever turns the log down is still told.
      const { logLevel: level, logFormat: format } = plan.config.telemetry;
      log.configure({ level, format });
      return plan;
    },
    async close() {
      log.info("Draining", { requests: httpServer.activeRequests });
      draining.abort();
      await httpServer.close(shutdownGraceMs, refuseDraining);
      await release();
      await tracing.flush();
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

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
