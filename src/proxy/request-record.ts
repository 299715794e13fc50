import type { Clock } from "../base/clock.ts";
import type { ErrorCode } from "../base/errors.ts";
import { toTokenTotal, type Usage } from "../model/answer.ts";
import type { DialectName } from "../model/dialect-name.ts";
import type { BypassReason, MissReason, NotStoredReason, StaleCause } from "../model/reason.ts";
import type { Judgement } from "../model/verdict.ts";
import { costOf } from "../pricing/cost-of.ts";
import type { Prices } from "../pricing/price.ts";
import type { CacheStatus, Phase, RequestReport } from "../telemetry/request-report.ts";
import type { Exchange } from "./exchange.ts";

/** The last reports are kept, and what callers choose freely may be as long as a body: more characters are not told. */
const MAX_TOLD_CHARS = 1_000;

/** What is known of a request so far; becomes its {@link RequestReport} exactly once. */
export class RequestRecord {
  readonly #exchange: Exchange;
  readonly #prices: Prices;
  readonly #startedAtMs: number;
  readonly #phasesMs: Partial<Record<Phase, number>> = {};
  #phase: Phase = "receive";
  #phaseStartedAt: number;
  #finished = false;

  dialect: DialectName | null = null;
  stream = false;
  model: string | null = null;
  tenant: string | null = null;
  namespace = "";
  upstream: string | null = null;
  frame: string | null = null;
  frameDifference: string | null = null;
  cacheStatus: CacheStatus | null = null;
  match: "exact" | "semantic" | null = null;
  reason: MissReason | BypassReason | null = null;
  stale: StaleCause | null = null;
  notStored: NotStoredReason | null = null;
  stored = false;
  entry: string | null = null;
  judgement: Judgement | null = null;
  status = 0;
  error: ErrorCode | null = null;
  usage: Usage | null = null;
  savedMs: number | null = null;
  responseBytes = 0;
  timeToFirstByteMs: number | null = null;
  lookupMs: RequestReport["lookupMs"] = {};
  prompts: RequestReport["prompts"] = null;

  constructor(exchange: Exchange, { clock, prices }: { readonly clock: Clock; readonly prices: Prices }) {
    this.#exchange = exchange;
    this.#prices = prices;
    this.#startedAtMs = clock.now();
    this.#phaseStartedAt = exchange.startedAt;
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Ends the phase that was going on and begins the next. */
  enter(phase: Phase): void {
    const now = performance.now();
    this.#phasesMs[this.#phase] = (this.#phasesMs[this.#phase] ?? 0) + now - this.#phaseStartedAt;
    this.#phase = phase;
    this.#phaseStartedAt = now;
  }

  /** Null when the request was reported already. */
  finish(): RequestReport | null {
    if (this.#finished) return null;
    this.#finished = true;
    this.enter(this.#phase);
    const { id, route, request, target, startedAt, body } = this.#exchange;
    const answeredByCache = this.cacheStatus === "hit" || (this.cacheStatus === "stale" && sparesProvider(this.stale));
    // One call answered it and the request that it joined.
    const saved = answeredByCache || this.reason === "joined" ? this.usage : null;
    return {
      id,
      startedAtMs: this.#startedAtMs,
      method: request.method ?? "",
      route,
      path: toToldText(toPath(target)),
      dialect: this.dialect,
      stream: this.stream,
      model: this.model === null ? null : toToldText(this.model),
      tenant: this.tenant,
      namespace: this.namespace,
      upstream: this.upstream,
      frame: this.frame,
      cacheStatus: this.cacheStatus ?? "bypass",
      match: this.match,
      reason: this.reason,
      stale: this.stale,
      notStored: this.notStored,
      stored: this.stored,
      entry: this.entry,
      similarity: this.judgement?.similarity ?? (this.match === "exact" ? 1 : null),
      compared: this.judgement?.compared ?? null,
      verifier: this.judgement?.verifier ?? null,
      threshold: this.judgement?.threshold ?? null,
      confidence: this.judgement?.confidence ?? (this.match === "exact" ? 1 : null),
      guard: this.judgement?.guard ?? [],
      frameDifference: this.frameDifference,
      status: this.status,
      error: this.error,
      usage: this.usage,
      savedTokens: saved && toTokenTotal(saved),
      savedCost: saved && this.model !== null ? costOf(saved, this.model, this.#prices) : null,
      savedMs: answeredByCache ? this.savedMs : null,
      requestBytes: toBytes(body, request.headers["content-length"]),
      responseBytes: this.responseBytes,
      durationMs: performance.now() - startedAt,
      timeToFirstByteMs: this.timeToFirstByteMs,
      phasesMs: this.#phasesMs,
      lookupMs: this.lookupMs,
      prompts: this.prompts,
    };
  }
}

/** Where the provider was asked, or is being asked, nothing is saved. */
export function sparesProvider(stale: StaleCause | null): boolean {
  return stale === null || stale === "max-stale";
}

/** What was announced is only counted where it was also taken. */
function toBytes(body: Exchange["body"], contentLength: string | undefined): number {
  if (body.kind === "whole") return body.bytes.length;
  return body.kind === "none" ? 0 : Number(contentLength ?? 0);
}

/** Without query; of an absolute-form target without its authority too, which may have a password. */
function toPath(target: string): string {
  const origin = target.startsWith("/") ? target : target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, "");
  const query = origin.indexOf("?");
  return query === -1 ? origin : origin.slice(0, query);
}

function toToldText(text: string): string {
  // By way of bytes: a slice would keep the whole text alive.
  return text.length <= MAX_TOLD_CHARS ? text : `${Buffer.from(text.slice(0, MAX_TOLD_CHARS)).toString("utf8")}…`;
}
