import { SemcacheError } from "../base/errors.ts";
import { makeCachePlan } from "../cache/cache-plan.ts";
import { parseDirectives } from "../cache/directives.ts";
import type { LookupOutcome } from "../cache/lookup.ts";
import { toExactKey, toPartitionKey } from "../cache/partition.ts";
import { isVolatilePrompt } from "../matching/volatile-prompt.ts";
import type { StoredAnswer } from "../model/answer.ts";
import { resolveUpstreamTarget } from "../upstream/upstream-target.ts";
import type { CachedRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { Flights } from "./flights.ts";
import { errorDialect, interpretExchange, type InterpretedExchange } from "./interpret-exchange.ts";
import { sendOwnError, toSemcacheError } from "./own-error.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import { relay } from "./relay.ts";
import { RequestRecord } from "./request-record.ts";
import { sendHit } from "./send-hit.ts";

export interface Proxy {
  /** Answers one exchange; throws nothing. */
  handle(exchange: Exchange): Promise<void>;
  readonly flights: Flights;
}

/** The phases of a request, in order. */
export function createProxy(options: ProxyOptions): Proxy {
  const flights = new Flights();
  return {
    flights,
    async handle(exchange) {
      const record = new RequestRecord(exchange, options.clock);
      const finish = () => {
        const report = record.finish();
        if (report) options.report(report);
      };
      try {
        await run(options, flights, exchange, record, finish);
      } catch (error) {
        const failure = toSemcacheError(error, exchange.id);
        if (failure.code === "internal") options.onDefect(error, exchange.id);
        fail(options, exchange, record, failure, finish);
      }
    },
  };
}

async function run(
  options: ProxyOptions,
  flights: Flights,
  exchange: Exchange,
  record: RequestRecord,
  finish: () => void,
): Promise<void> {
  const { dialects, policy, settings, store } = options;
  const { rawHeaders, headers } = exchange.request;
  // Before anything else: an invalidation from here on must also stop what this request will store.
  const generation = store.generation();

  record.enter("address");
  const target = resolveUpstreamTarget({
    route: exchange.route,
    rawHeaders,
    requestPath: exchange.target,
    providers: settings.providers,
  });
  policy.assertUrl(target.url);
  record.upstream = target.url.origin;

  record.enter("interpret");
  const interpreted = interpretExchange(exchange, dialects, settings.ignoreFields);
  note(record, interpreted);

  record.enter("plan");
  const directives = parseDirectives(rawHeaders);
  const tenant = options.tenants.resolve(rawHeaders, target.url.href);
  const isVolatile =
    interpreted.kind === "interpreted" &&
    interpreted.request.prompt !== null &&
    isVolatilePrompt(interpreted.request.prompt.join("\n"));
  const plan = makeCachePlan(settings.plan, {
    directives,
    interpretation: interpreted.kind === "interpreted" ? interpreted.request : interpreted,
    hasTenant: tenant !== null,
    hasOrigin: headers.origin !== undefined,
    isVolatile,
  });
  if (plan.kind === "bypass" || interpreted.kind === "bypass" || tenant === null) {
    record.cacheStatus = "bypass";
    record.reason = plan.kind === "bypass" ? plan.reason : "no-tenant";
    if (plan.onlyIfCached) throw onlyIfCached(record.reason);
    relay(options, flights, { exchange, record, target, finish, cached: null });
    return;
  }

  const { dialect, request } = interpreted;
  const partition = toPartitionKey({
    tenant,
    namespace: plan.namespace,
    dialect: dialect.name,
    url: target.url,
    rawHeaders,
    varyHeaders: settings.varyHeaders,
    frame: request.frame,
  });
  record.tenant = tenant.slice(0, 8);
  record.namespace = plan.namespace;
  record.frame = partition.frameDigest;
  record.frameDifference = options.frames.record(tenant, partition.partition, partition.parts);
  const promptText = request.prompt?.join("\n") ?? null;
  const cached: CachedRequest = {
    dialect,
    request,
    plan,
    tenant,
    partition: partition.partition,
    exactKey: toExactKey(partition.partition, request.prompt),
    promptText: promptText ?? "",
    generation,
    prepared: null,
  };
  if (settings.logPrompts) record.prompts = { asked: cached.promptText, matched: null };

  record.enter("lookup");
  const outcome = await look(options, flights, exchange, cached);
  if (exchange.signal.aborted) {
    finish();
    return;
  }
  applyOutcome(record, outcome, settings.logPrompts);
  if (outcome.kind === "hit" && plan.serve) {
    record.enter("replay");
    sendHit({ exchange, record, hit: outcome, nowMs: options.clock.now(), idleMs: settings.idleMs, finish });
    store.touch(outcome.entry.id, options.clock.now());
    return;
  }
  record.cacheStatus = "miss";
  record.reason = outcome.kind === "hit" ? "shadow" : outcome.reason;
  if (plan.onlyIfCached) {
    throw onlyIfCached(record.reason);
  }
  record.enter("relay");
  const prepared = outcome.kind === "miss" ? outcome.prepared : null;
  relay(options, flights, { exchange, record, target, finish, cached: { ...cached, prepared } });
}

async function look(
  { lookup }: ProxyOptions,
  flights: Flights,
  exchange: Exchange,
  cached: CachedRequest,
): Promise<LookupOutcome> {
  const { dialect, request, plan } = cached;
  if (plan.read === "none") return { kind: "miss", reason: "refresh", nearest: null, prepared: null, stepsMs: {} };
  const exactly = {
    exactKey: cached.exactKey,
    partition: cached.partition,
    promptText: null,
    exactOnly: plan.exactOnlyReason,
    maxAgeMs: plan.maxAgeMs,
    maxErrorRate: plan.maxErrorRate,
    replay: (answer: StoredAnswer) => dialect.replay(answer, request.form),
    signal: exchange.signal,
  };
  if (plan.read === "exact") return lookup.find(exactly);
  // An equal request is already in the air: its answer is as good as the provider's, a search would only cost time.
  if (flights.find(exchange, cached) === null) {
    const outcome = await lookup.find({ ...exactly, promptText: cached.promptText });
    if (outcome.kind === "hit" || outcome.reason === "no-conversion" || flights.find(exchange, cached) !== null)
      return outcome;
    // While this one searched, an equal request may have come back with its answer.
    const again = await lookup.find(exactly);
    return again.kind === "hit" ? again : outcome;
  }
  return lookup.find(exactly);
}

function onlyIfCached(reason: string): SemcacheError {
  return new SemcacheError(
    "only-if-cached",
    `Cannot answer from the cache: ${reason}, and cache-control: only-if-cached forbids the provider`,
  );
}

function note(record: RequestRecord, interpreted: InterpretedExchange): void {
  if (interpreted.kind !== "interpreted") return;
  record.dialect = interpreted.dialect.name;
  record.model = interpreted.request.model;
  record.stream = interpreted.request.form.shape === "stream";
}

function applyOutcome(record: RequestRecord, outcome: LookupOutcome, logPrompts: boolean): void {
  record.lookupMs = outcome.stepsMs;
  const matched = outcome.kind === "hit" ? outcome.entry.promptText : outcome.nearest?.promptText;
  if (logPrompts && record.prompts) record.prompts = { ...record.prompts, matched: matched ?? null };
  if (outcome.kind === "hit") {
    record.match = outcome.match;
    record.entry = outcome.entry.id;
    record.judgement = outcome.judgement;
    return;
  }
  record.entry = outcome.nearest?.id ?? null;
  record.judgement = outcome.nearest?.judgement ?? null;
}

function fail(
  options: ProxyOptions,
  exchange: Exchange,
  record: RequestRecord,
  error: SemcacheError,
  finish: () => void,
): void {
  record.error = error.code;
  record.status = error.status;
  finish();
  const headers = ["x-semcache-request", exchange.id];
  if (record.cacheStatus) headers.push("x-cache-status", record.cacheStatus);
  if (record.reason) headers.push("x-semcache-reason", record.reason);
  if (record.frame) headers.push("x-semcache-frame", record.frame);
  sendOwnError(exchange.response, errorDialect(exchange, options.dialects), error, headers);
}
