// One file because it is one list: all that follows from the settings, in the order in which each part needs the others.
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { isSemcacheError } from "../base/errors.ts";
import { createAdmission } from "../cache/admission.ts";
import { createCacheAside } from "../cache/cache-aside.ts";
import type { FrameJournal } from "../cache/frame-journal.ts";
import type { Landings } from "../cache/landings.ts";
import { createLookup } from "../cache/lookup.ts";
import type { ServedHits } from "../cache/served-hits.ts";
import type { TenantResolver } from "../cache/tenant.ts";
import { createVerdicts } from "../cache/verdicts.ts";
import type { Config } from "../config/config.ts";
import { createLocalEmbedder } from "../embedding/local-embedder.ts";
import { dialects } from "../formats/dialects.ts";
import { createCacheAsideRoutes } from "../http/cache-aside-routes.ts";
import { createFeedbackRoutes } from "../http/feedback-routes.ts";
import { createOperatorAccess } from "../http/operator-access.ts";
import type { OperatorDeps, Readiness } from "../http/operator-route.ts";
import { createOperatorRoutes } from "../http/operator-routes.ts";
import { createRequestHandler } from "../http/request-handler.ts";
import { createRouter } from "../http/router.ts";
import { createAnswerComparer } from "../matching/audit/compare-answers.ts";
import type { HitLedger } from "../matching/audit/hit-ledger.ts";
import { createJudgedComparer } from "../matching/audit/judged-comparison.ts";
import type { LabelledPairs } from "../matching/audit/labelled-pairs.ts";
import { openJudge } from "../matching/audit/open-judge.ts";
import type { Trust } from "../matching/audit/trust.ts";
import { createPromptGuard } from "../matching/guard/prompt-guard.ts";
import { createLocalVerifier } from "../matching/local-verifier.ts";
import { costOf } from "../pricing/cost-of.ts";
import { createPriceList } from "../pricing/price-list.ts";
import { createAuditor } from "../proxy/auditor.ts";
import { createProviderAsker } from "../proxy/provider-asker.ts";
import { createProxy } from "../proxy/proxy.ts";
import { createShadow } from "../proxy/shadow.ts";
import type { CacheStore } from "../store/cache-store.ts";
import type { StateStore } from "../store/state-store.ts";
import type { Decisions } from "../telemetry/decisions.ts";
import type { History } from "../telemetry/history.ts";
import type { Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { PromptUnlock } from "../telemetry/prompt-unlock.ts";
import type { Savings } from "../telemetry/savings.ts";
import type { SavingsHistory } from "../telemetry/savings-history.ts";
import type { Totals } from "../telemetry/totals.ts";
import type { Tracing } from "../telemetry/tracing/tracing.ts";
import { EntryImporter, toMaxLineBytes } from "../transfer/entry-importer.ts";
import { createNodeHttpClient } from "../upstream/node-http-client.ts";
import type { UpstreamClient } from "../upstream/upstream-client.ts";
import { createUpstreamPolicy, type UpstreamPolicy } from "../upstream/upstream-policy.ts";
import { version } from "../version.ts";
import { ActiveRequests } from "./active-requests.ts";
import { createMatchers, isMatched, type Models } from "./models.ts";

/** How long the end waits for what is known of the last pairs that somebody gave a verdict on. */
const SETTLING_GRACE_MS = 2_000;

/** What a server keeps from its start to its end, however often its configuration is read anew. */
export interface Foundation {
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly totals: Totals;
  readonly savings: Savings;
  readonly savingsHistory: SavingsHistory;
  readonly history: History;
  readonly decisions: Decisions;
  readonly prompts: PromptUnlock;
  readonly tracing: Tracing;
  readonly store: CacheStore;
  readonly models: Models;
  readonly trust: Trust;
  readonly shadowLedger: HitLedger;
  readonly auditLedger: HitLedger;
  readonly state: StateStore;
  readonly tenants: TenantResolver;
  /** Stands in exports: `toDeploymentMark`. */
  readonly deployment: string;
  readonly landings: Landings;
  readonly served: ServedHits;
  readonly labelled: LabelledPairs;
  readonly frames: FrameJournal;
  readonly dashboardFiles: OperatorDeps["dashboardFiles"];
  readonly readiness: () => Readiness;
  /** Aborts when the server begins to drain. */
  readonly draining: AbortSignal;
  readonly onDefect: (error: unknown, requestId: string) => void;
}

/**
 * Everything that requests meet and that follows from the configuration alone. A reload makes another one beside it:
 * requests that began in this one end in it, under the configuration that they began with.
 */
export interface Serving {
  readonly matcherId: string;
  handle(request: IncomingMessage, response: ServerResponse, id: string): Promise<void>;
  /** Provider calls going on that equal requests may join. */
  readonly openFlights: number;
  /** No further requests come: ends what has no end of its own, waits for the rest, and closes. */
  retire(): Promise<void>;
  /** Breaks off what goes on in the background; the requests have ended. */
  close(): Promise<void>;
}

/**
 * Where requests may go, and the client that takes them there.
 *
 * @throws {SemcacheError} `config-invalid`: an origin or the egress proxy
 */
export function createProviders(upstream: Config["upstream"]): {
  readonly policy: UpstreamPolicy;
  readonly client: UpstreamClient;
} {
  const policy = createUpstreamPolicy({
    allow: upstream.allow,
    allowPublic: upstream.allowPublic,
    providers: upstream.baseUrls,
    viaEgressProxy: upstream.proxy !== null,
  });
  return { policy, client: createNodeHttpClient({ policy, timeouts: upstream.timeouts, proxy: upstream.proxy }) };
}

/** @throws {SemcacheError} `config-invalid`, `model-unusable` */
export function createServing(foundation: Foundation, config: Config): Serving {
  const { clock, log, metrics, store, models, trust, tenants, landings, served, labelled, prompts, onDefect } =
    foundation;
  const { server, upstream, cache, matching, telemetry } = config;
  const { policy, client } = createProviders(upstream);
  const { matcher, patientMatcher } = createMatchers(models, matching);
  if (!isMatched(models, matching.maxErrorRate)) {
    log.warn(
      `matching.max_error_rate is ${matching.maxErrorRate}, and no bar was certified for so low a rate: nothing is matched by meaning`,
    );
  }
  const stopForgetting = store.onRemoved(({ id }) => matcher.forget(id));

  const lookup = createLookup({
    store,
    matcher,
    landings,
    trust,
    clock,
    candidates: matching.candidates,
    timeoutMs: matching.timeoutMs,
    modelsReady: () => models.pool.status().ready,
    onFault: (error) => {
      metrics.countStoreError("lookup");
      log.warn("A lookup failed and became a miss", { error: String(error) });
    },
  });
  const admission = createAdmission({
    store,
    matcher: patientMatcher,
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
  const settings = {
    providers: upstream.providers,
    plan: { ...cache, maxErrorRate: matching.maxErrorRate },
    ignoreFields: cache.ignoreFields,
    varyHeaders: cache.varyHeaders,
    tenantHeader: cache.tenancy.startsWith("header:") ? cache.tenancy.slice("header:".length).toLowerCase() : null,
    maxEntryBytes: cache.maxEntryBytes,
    idleMs: upstream.timeouts.idleMs,
  };
  const { totals, savings, savingsHistory, history, decisions } = foundation;
  const prices = createPriceList(config.prices);
  const judge =
    matching.judge &&
    openJudge(matching.judge, {
      state: foundation.state,
      clock,
      proxy: upstream.proxy,
      connectMs: upstream.timeouts.connectMs,
      onOutcome: (outcome, tokens) => metrics.countJudgeOutcome(outcome, tokens),
    });
  metrics.connect({ judge: () => judge });
  const localComparer = createAnswerComparer({
    embedder: createLocalEmbedder(models.pool, { queue: "unbounded" }),
    verifier: createLocalVerifier(models.pool, { queue: "unbounded" }),
    guard: createPromptGuard(),
  });
  const comparer = judge === null ? localComparer : createJudgedComparer(localComparer, judge);
  const { shadowLedger, auditLedger } = foundation;
  const matched = JSON.stringify([
    matcher.id,
    matching.maxErrorRate,
    matching.minSimilarity,
    matching.maxPromptTokens,
    matching.candidates,
  ]);
  auditLedger.beAbout(matched);
  // What a shadow has found is still to be read when its place is taken.
  if (cache.mode === "shadow") shadowLedger.beAbout(matched);
  const ask = createProviderAsker({
    upstream: client,
    settings,
    onAnswer: ({ model, usage }) => {
      const cost = usage && model !== null ? costOf(usage, model, prices) : null;
      savings.addAudit({ usage, cost });
      if (cost !== null) metrics.countAuditCost(cost);
    },
  });
  const auditor = createAuditor({
    rates: matching.auditRates,
    random: Math.random,
    ask,
    comparer,
    trust,
    onOutcome: (outcome, hit, found) => {
      const { request, entry, match } = hit;
      metrics.countAudit(match, outcome);
      if (outcome === "right" || outcome === "wrong") verdicts.audited(request, outcome);
      auditLedger.addHit(hit)(found.outcome, found.by);
      const details = { outcome, request, entry, match };
      if (outcome !== "wrong") log.debug("An audit is over", details);
      else if (match === "semantic") log.warn("An audit found a wrong hit", details);
      else log.info("An audit found that the provider has changed its answer", details);
    },
  });
  const shadow = createShadow({
    ledger: shadowLedger,
    comparer,
    // Who wants no calls on Semcache's own account has said so with this.
    ask: matching.auditRates.semantic > 0 ? ask : null,
    maxEntryBytes: cache.maxEntryBytes,
    onLookup: (outcome) => metrics.countShadowLookup(outcome),
    onOutcome: (outcome, { request, entry, match }, by) => {
      metrics.countShadowVerdict(match, outcome);
      const details = { outcome, by, request, entry, match };
      if (outcome === "wrong" || outcome === "suspect") log.info("A hit would have been wrong", details);
      else log.debug("A hit that would have been was compared", details);
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
    frames: foundation.frames,
    tenants,
    auditor,
    shadow,
    served,
    settings,
    keepsPrompts: () => prompts.isOpen,
    report: (report) => {
      // What the operator was let see is for the decisions alone, and only as long as that lasts.
      const told = telemetry.logPrompts || report.prompts === null ? report : { ...report, prompts: null };
      metrics.observe(told);
      totals.add(told);
      savings.add(told);
      savingsHistory.add(told);
      history.add(told);
      decisions.add(prompts.isOpen ? report : told);
      log.request(told);
    },
    onRefresh: (outcome) => metrics.countRefresh(outcome),
    onDefect,
  });

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
  // What an operator deletes goes with all that was kept of it; what somebody called wrong is what is to be remembered.
  const operatorsStore: OperatorDeps["store"] = {
    ...landedStore,
    async delete(selector, how) {
      const deleted = await landedStore.delete(selector, how);
      if (how?.dryRun) return deleted;
      served.forgetPrompts(selector);
      await countFaults("delete", labelled.forget(selector));
      return deleted;
    },
  };
  const verdicts = createVerdicts({
    served,
    trust,
    labelled,
    store: landedStore,
    matcher: patientMatcher,
    clock,
    flushed: async () => void (await Promise.all([foundation.state.flushed(), labelled.flushed()])),
    onTold: (verdict, subject) => {
      metrics.countFeedback(verdict);
      if (subject.kind !== "pair") decisions.noteFeedback(subject, verdict);
    },
  });
  const ending = new AbortController();
  const end = () => ending.abort();
  // Not AbortSignal.any, by which the longer-lived signal would remember every serving that there was.
  foundation.draining.addEventListener("abort", end);
  const operatorRoutes = [
    ...createOperatorRoutes({
      version,
      startedAtMs: foundation.startedAtMs,
      clock,
      store: operatorsStore,
      matcher: patientMatcher,
      decisions,
      totals,
      history,
      prompts,
      draining: ending.signal,
      savings,
      savingsHistory,
      trust,
      mode: cache.mode,
      shadowLedger,
      auditLedger,
      judge: () => judge && { model: matching.judge?.model ?? "", callsLeft: judge.callsLeft },
      metrics,
      readiness: foundation.readiness,
      dashboardFiles: foundation.dashboardFiles,
      importer: new EntryImporter({
        store,
        matcher: patientMatcher,
        embedder: { id: matcher.embedderId, dimensions: models.pool.models.embedder.dimensions },
        landings,
        clock,
        dialects,
        policy,
        tenants,
        settings,
        deployment: foundation.deployment,
      }),
      deployment: foundation.deployment,
      maxLineBytes: toMaxLineBytes(cache),
    }),
    ...createFeedbackRoutes({ verdicts, labelled, tenants }),
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
    tracing: foundation.tracing,
    maxRequestBytes: cache.maxRequestBytes,
    maxBodyBytes: server.maxBodyBytes,
    onDefect,
  });
  const active = new ActiveRequests();

  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= (async () => {
      proxy.close();
      await Promise.all([auditor.close(), shadow.close()]);
      await Promise.race([verdicts.settled(), delay(SETTLING_GRACE_MS, undefined, { ref: false })]);
      await Promise.all([client.close(), judge?.close()]);
      stopForgetting();
      foundation.draining.removeEventListener("abort", end);
    })();
    return closing;
  };
  return {
    matcherId: matcher.id,
    handle(request, response, id) {
      active.add(response);
      return handle(request, response, id);
    },
    get openFlights() {
      return proxy.flights.size;
    },
    async retire() {
      end();
      await active.ended();
      await close();
    },
    close,
  };
}
