import { SemcacheError } from "../base/errors.ts";
import type { LookupOutcome } from "../cache/lookup.ts";
import type { StoredAnswer } from "../model/answer.ts";
import type { MissReason } from "../model/reason.ts";
import type { CachedRequest, UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { Flights } from "./flights.ts";
import { errorDialect } from "./interpret-exchange.ts";
import { KnownRequests } from "./known-requests.ts";
import { sendOwnError, toSemcacheError } from "./own-error.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import { relay } from "./relay.ts";
import { Replays } from "./replays.ts";
import { RequestRecord } from "./request-record.ts";
import { sendHit } from "./send-hit.ts";
import { noteInterpretation, understand } from "./understand.ts";

export interface Proxy {
  /** Answers one exchange; throws nothing. */
  handle(exchange: Exchange): Promise<void>;
  /** Answers an exchange whose body could not be received; it is reported as all others are. Throws nothing. */
  refuse(exchange: Exchange, error: SemcacheError): void;
  readonly flights: Flights;
}

interface ProxyParts {
  readonly flights: Flights;
  readonly known: KnownRequests;
  readonly replays: Replays;
}

/** The phases of a request, in order. */
export function createProxy(options: ProxyOptions): Proxy {
  const { varyHeaders, tenantHeader } = options.settings;
  const flights = new Flights();
  const known = new KnownRequests({ counted: tenantHeader === null ? varyHeaders : [...varyHeaders, tenantHeader] });
  const begin = (exchange: Exchange) => {
    const record = new RequestRecord(exchange, options.clock);
    const finish = () => {
      const report = record.finish();
      if (report) attempt(options, exchange, () => options.report(report));
    };
    return { record, finish };
  };
  const parts: ProxyParts = { flights, known, replays: new Replays() };
  return {
    flights,
    refuse(exchange, error) {
      const { record, finish } = begin(exchange);
      fail(options, exchange, record, error, finish);
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
  const { settings, store } = options;
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
    relay(options, flights, { exchange, record, target, finish, cached: null });
    return;
  }
  note(options, record, understood);
  if (generation === null) {
    const { target, plan } = understood;
    record.cacheStatus = "miss";
    record.reason = "unavailable";
    if (plan.onlyIfCached) throw toOnlyIfCached(record.reason);
    relay(options, flights, { exchange, record, target, finish, cached: null });
    return;
  }
  const cached: CachedRequest = { ...understood, generation, prepared: null };
  const { plan, target } = cached;

  record.enter("lookup");
  const outcome = await look(options, parts, exchange, cached);
  if (exchange.signal.aborted) {
    finish();
    return;
  }
  applyOutcome(record, outcome, settings.logPrompts);
  if (outcome.kind === "hit" && plan.serve) {
    record.enter("replay");
    sendHit({ exchange, record, hit: outcome, nowMs: options.clock.now(), idleMs: settings.idleMs, finish });
    attempt(options, exchange, () => {
      store.touch(outcome.entry.id, options.clock.now());
      options.served.add(exchange.id, { tenant: cached.tenant, entry: outcome.entry.id, pair: outcome.served });
      options.auditor.consider(exchange, cached, outcome);
    });
    if (outcome.match === "exact" && knownAs !== null && remembered === null) known.add(knownAs, understood);
    return;
  }
  record.cacheStatus = "miss";
  record.reason = outcome.kind === "hit" ? "shadow" : outcome.reason;
  if (plan.onlyIfCached) {
    throw toOnlyIfCached(record.reason);
  }
  record.enter("relay");
  const prepared = outcome.kind === "miss" ? outcome.prepared : null;
  relay(options, flights, { exchange, record, target, finish, cached: { ...cached, prepared } });
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

async function look(
  { lookup }: ProxyOptions,
  { flights, replays }: ProxyParts,
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
    replay: (answer: StoredAnswer) => replays.of(dialect, answer, request.form),
    signal: exchange.signal,
  };
  if (plan.read === "exact") return lookup.find(exactly);
  // An equal request is already in the air: its answer is as good as the provider's, a search would only cost time.
  if (flights.find(exchange, cached) === null) {
    const outcome = await lookup.find({ ...exactly, promptText: cached.promptText });
    if (outcome.kind === "hit" || isFinal(outcome.reason) || flights.find(exchange, cached) !== null) return outcome;
    // While this one searched, an equal request may have come back with its answer.
    const again = await lookup.find(exactly);
    return again.kind === "hit" ? again : outcome;
  }
  return lookup.find(exactly);
}

/** Asking again would find the same, or wait a second time for a store that does not answer. */
function isFinal(reason: MissReason): boolean {
  return reason === "no-conversion" || reason === "lookup-timeout" || reason === "unavailable";
}

function toOnlyIfCached(reason: string): SemcacheError {
  return new SemcacheError(
    "only-if-cached",
    `Cannot answer from the cache: ${reason}, and cache-control: only-if-cached forbids the provider`,
  );
}

function note({ frames, settings }: ProxyOptions, record: RequestRecord, understood: UnderstoodRequest): void {
  const { target, tenant, plan, partition, frame, promptText } = understood;
  noteInterpretation(record, understood);
  record.upstream = target.url.origin;
  record.tenant = tenant.slice(0, 8);
  record.namespace = plan.namespace;
  record.frame = frame.frameDigest;
  record.frameDifference = frames.record(tenant, partition, frame.parts);
  if (settings.logPrompts) record.prompts = { asked: promptText, matched: null };
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
