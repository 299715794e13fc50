import { SemcacheError } from "../base/errors.ts";
import type { EntryMatch, LookupOutcome } from "../cache/lookup-outcome.ts";
import { toServedHit } from "../cache/served-hits.ts";
import type { StaleCause } from "../model/reason.ts";
import type { CachedRequest, UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { Flights } from "./flights.ts";
import type { Substitute } from "./held-reader.ts";
import { errorDialect } from "./interpret-exchange.ts";
import { KnownRequests } from "./known-requests.ts";
import { findSubstitute, look } from "./look.ts";
import { sendOwnError, toSemcacheError } from "./own-error.ts";
import { toFailureCause } from "./provider-failure.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import { Refresher } from "./refresher.ts";
import { relay } from "./relay.ts";
import { Replays } from "./replays.ts";
import { RequestRecord } from "./request-record.ts";
import { sendHit } from "./send-hit.ts";
import type { ShadowWatch } from "./shadow.ts";
import { noteInterpretation, understand } from "./understand.ts";

export interface Proxy {
  /** Answers one exchange; throws nothing. */
  handle(exchange: Exchange): Promise<void>;
  /** Answers an exchange whose body could not be received; it is reported as all others are. Throws nothing. */
  refuse(exchange: Exchange, error: SemcacheError): void;
  /** Reports an exchange whose client left before its body was received. Throws nothing. */
  abandon(exchange: Exchange): void;
  readonly flights: Flights;
  /** Breaks off what goes on in the background. */
  close(): void;
}

interface ProxyParts {
  readonly flights: Flights;
  readonly known: KnownRequests;
  readonly replays: Replays;
  readonly refresher: Refresher;
}

/** The phases of a request, in order. */
export function createProxy(options: ProxyOptions): Proxy {
  const { varyHeaders, tenantHeader } = options.settings;
  const flights = new Flights();
  const known = new KnownRequests({ counted: tenantHeader === null ? varyHeaders : [...varyHeaders, tenantHeader] });
  const begin = (exchange: Exchange) => {
    const record = new RequestRecord(exchange, options);
    const finish = () => {
      const report = record.finish();
      if (report === null) return;
      attempt(options, exchange, () => options.report(report));
      exchange.trace.end(report);
    };
    return { record, finish };
  };
  const parts: ProxyParts = { flights, known, replays: new Replays(), refresher: new Refresher(options, flights) };
  return {
    flights,
    close: () => parts.refresher.close(),
    refuse(exchange, error) {
      const { record, finish } = begin(exchange);
      fail(options, exchange, record, error, finish);
    },
    abandon(exchange) {
      const { record, finish } = begin(exchange);
      record.error = "aborted";
      finish();
    },
    async handle(exchange) {
      const { record, finish } = begin(exchange);
      try {
        await run(options, parts, exchange, record, finish);
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
  parts: ProxyParts,
  exchange: Exchange,
  record: RequestRecord,
  finish: () => void,
): Promise<void> {
  const { store } = options;
  const { flights, known } = parts;
  // Before anything else: an invalidation from here on must also stop what this request will store.
  const generation = attempt(options, exchange, () => store.generation());

  record.enter("interpret");
  const knownAs = known.keyOf(exchange);
  const remembered = knownAs === null ? null : known.get(knownAs);
  const understood = remembered ?? understand(options, exchange, record);
  if (understood.kind === "bypass") {
    const { target, reason, onlyIfCached } = understood;
    record.cacheStatus = "bypass";
    record.reason = reason;
    if (onlyIfCached) throw toOnlyIfCached(reason);
    relay(options, flights, { exchange, record, target, finish, cached: null, substitute: null });
    return;
  }
  note(options, record, understood);
  if (generation === null) {
    const { target, plan } = understood;
    record.cacheStatus = "miss";
    record.reason = "unavailable";
    if (plan.onlyIfCached) throw toOnlyIfCached(record.reason);
    relay(options, flights, { exchange, record, target, finish, cached: null, substitute: null });
    return;
  }
  // What is added comes first: behind so many that are spread, V8 takes ten times as long for it.
  const cached: CachedRequest = { generation, prepared: null, ...understood };
  const { plan, target } = cached;

  record.enter("lookup");
  const outcome = await look(options, parts, exchange, cached);
  if (exchange.signal.aborted) {
    finish();
    return;
  }
  applyOutcome(record, outcome);
  const served: ServedRequest = { exchange, record, cached, finish };
  if (outcome.kind === "hit" && plan.serve) {
    serve(options, served, outcome, null);
    attempt(options, exchange, () => options.auditor.consider(exchange, cached, outcome));
    if (outcome.match === "exact" && knownAs !== null && remembered === null) known.add(knownAs, understood);
    return;
  }
  if (outcome.kind === "miss" && outcome.stale !== null) {
    const { stale } = outcome;
    const revalidates = stale.staleMs <= plan.stale.whileRevalidateMs && plan.stale.whileRevalidateMs > 0;
    serve(options, served, stale, revalidates ? "revalidating" : "max-stale");
    if (revalidates) parts.refresher.start(exchange, cached);
    return;
  }
  record.cacheStatus = "miss";
  record.reason = outcome.kind === "hit" ? "shadow" : outcome.reason;
  if (plan.onlyIfCached) {
    throw toOnlyIfCached(record.reason);
  }
  const watch = plan.serve ? null : attempt(options, exchange, () => shade(options, exchange, cached, outcome));
  record.enter("relay");
  const prepared = outcome.kind === "miss" ? outcome.prepared : null;
  relay(options, flights, {
    exchange,
    record,
    target,
    finish,
    cached: { ...cached, prepared },
    watch,
    substitute: plan.stale.ifErrorMs > 0 ? toSubstitute(options, parts, served) : null,
  });
}

interface ServedRequest {
  readonly exchange: Exchange;
  readonly record: RequestRecord;
  readonly cached: CachedRequest;
  readonly finish: () => void;
}

/** Answers from the cache; `stale`: why with an entry that is past its time. */
function serve(
  options: ProxyOptions,
  { exchange, record, cached, finish }: ServedRequest,
  match: EntryMatch,
  stale: StaleCause | null,
): void {
  const { clock, settings, store } = options;
  const nowMs = clock.now();
  record.enter("replay");
  sendHit({ exchange, record, hit: match, stale, nowMs, idleMs: settings.idleMs, finish });
  attempt(options, exchange, () => {
    store.touch(match.entry.id, nowMs);
    options.served.add(exchange.id, toServedHit(cached.tenant, cached.promptText, match));
  });
}

/** Notes what would have been; null: it would have been a miss. Eviction goes on as if the hit had been served. */
function shade(
  { clock, served, shadow, store }: ProxyOptions,
  exchange: Exchange,
  cached: CachedRequest,
  outcome: LookupOutcome,
): ShadowWatch | null {
  const watch = shadow.observe(exchange, cached, outcome);
  if (outcome.kind === "miss") return null;
  store.touch(outcome.entry.id, clock.now());
  served.add(exchange.id, toServedHit(cached.tenant, cached.promptText, outcome));
  return watch;
}

function toSubstitute(options: ProxyOptions, parts: ProxyParts, request: ServedRequest): Substitute {
  const { exchange, record, cached } = request;
  const find = async (cause: StaleCause) => {
    const match = await findSubstitute(options, parts, exchange, cached);
    if (match === null) return null;
    return () => {
      applyMatch(record, match);
      // This client's seat was given up for it: nobody left.
      if (record.notStored === "client-gone") record.notStored = "status";
      serve(options, request, match, cause);
    };
  };
  return (failure) => {
    const cause = toFailureCause(failure);
    return cause === null ? null : find(cause);
  };
}

/** What goes wrong beside a request does not become its failure; null: it went wrong. */
function attempt<T>({ onDefect }: ProxyOptions, exchange: Exchange, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    onDefect(error, exchange.id);
    return null;
  }
}

function toOnlyIfCached(reason: string): SemcacheError {
  return new SemcacheError(
    "only-if-cached",
    `Cannot answer from the cache: ${reason}, and cache-control: only-if-cached forbids the provider`,
  );
}

function note({ frames, keepsPrompts }: ProxyOptions, record: RequestRecord, understood: UnderstoodRequest): void {
  const { target, tenant, plan, partition, frame, promptText } = understood;
  noteInterpretation(record, understood);
  record.upstream = target.url.origin;
  record.tenant = tenant.slice(0, 8);
  record.namespace = plan.namespace;
  record.frame = frame.frameDigest;
  record.frameDifference = frames.record(tenant, partition, frame.parts);
  if (keepsPrompts()) record.prompts = { asked: promptText, matched: null };
}

function applyOutcome(record: RequestRecord, outcome: LookupOutcome): void {
  record.lookupMs = outcome.stepsMs;
  const match = outcome.kind === "hit" ? outcome : outcome.stale;
  if (match !== null) {
    applyMatch(record, match);
    return;
  }
  if (outcome.kind === "hit") return;
  const { nearest } = outcome;
  record.entry = nearest?.id ?? null;
  record.judgement = nearest?.judgement ?? null;
  noteMatched(record, nearest?.promptText ?? null);
}

function applyMatch(record: RequestRecord, { match, entry, judgement }: EntryMatch): void {
  record.match = match;
  record.entry = entry.id;
  record.judgement = judgement;
  noteMatched(record, entry.promptText);
}

function noteMatched(record: RequestRecord, matched: string | null): void {
  if (record.prompts) record.prompts = { ...record.prompts, matched };
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
