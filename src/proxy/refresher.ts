import { LRUCache } from "lru-cache";
import type { ExactKey } from "../model/keys.ts";
import type { CachedRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import type { FlightSeat } from "./flight.ts";
import type { Flights } from "./flights.ts";
import { launch } from "./launch.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import { RequestRecord } from "./request-record.ts";
import { noteInterpretation } from "./understand.ts";

/** `refused`: an answer came that is not kept. `failed`: none came. `skipped`: too many were under way. */
export type RefreshOutcome = "stored" | "refused" | "failed" | "skipped";

export interface RefresherLimits {
  /** More provider calls than these are not made beside those of clients; the next asker tries again. */
  readonly maxUnderWay: number;
  /** Of one refresh. */
  readonly timeoutMs: number;
}

const defaults: RefresherLimits = { maxUnderWay: 64, timeoutMs: 300_000 };
/** After a first failure, and at most; doubled with each. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** How many keys that failed are remembered. */
const MAX_PAUSED = 10_000;
/** A refresh is a request of its own: the provider must not answer it with an earlier answer. */
const hidden = ["idempotency-key"];

/**
 * Asks the provider for what was served past its time, behind the back of the client that was served: one call for each
 * exact key, in a flight that other requests may join, its answer admitted as any other.
 */
export class Refresher {
  readonly #options: ProxyOptions;
  readonly #flights: Flights;
  readonly #limits: RefresherLimits;
  readonly #underWay = new Map<ExactKey, FlightSeat | null>();
  readonly #paused = new LRUCache<ExactKey, { readonly failedAtMs: number; readonly pauseMs: number }>({
    max: MAX_PAUSED,
  });
  #closed = false;

  constructor(options: ProxyOptions, flights: Flights, limits: RefresherLimits = defaults) {
    this.#options = options;
    this.#limits = limits;
    this.#flights = flights;
  }

  /** Returns at once and throws nothing. */
  start(exchange: Exchange, cached: CachedRequest): void {
    const { exactKey } = cached;
    if (this.#closed || this.#underWay.has(exactKey) || this.#isPaused(exactKey)) return;
    // Somebody is asking for it anyway.
    if (this.#flights.find(exchange, cached) !== null) return;
    if (this.#underWay.size >= this.#limits.maxUnderWay) {
      this.#options.onRefresh("skipped");
      return;
    }
    try {
      this.#fly(exchange, cached);
    } catch (error) {
      this.#underWay.delete(exactKey);
      this.#options.onDefect(error, exchange.id);
    }
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#closed = true;
    for (const seat of this.#underWay.values()) seat?.leave();
  }

  #fly(exchange: Exchange, cached: CachedRequest): void {
    const { exactKey, target } = cached;
    // Of no client's request: it is not reported.
    const record = new RequestRecord(exchange, this.#options);
    noteInterpretation(record, cached);
    const trace = exchange.trace.background("refresh");
    const timer = setTimeout(() => this.#underWay.get(exactKey)?.leave(), this.#limits.timeoutMs).unref();
    let answered = false;
    let over = false;
    const finish = () => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      this.#underWay.delete(exactKey);
      if (record.stored) this.#paused.delete(exactKey);
      else this.#pause(exactKey);
      const outcome = record.stored ? "stored" : answered ? "refused" : "failed";
      trace.end(outcome);
      this.#options.onRefresh(outcome);
    };
    const flight = launch(this.#options, this.#flights, { exchange, record, target, cached, trace }, hidden);
    this.#underWay.set(exactKey, null);
    const seat = flight.join({
      head: () => undefined,
      write: () => true,
      end: () => {
        answered = true;
        finish();
      },
      breakOff: finish,
      fail: finish,
    });
    if (over) return;
    this.#underWay.set(exactKey, {
      drained: () => undefined,
      leave: () => {
        seat.leave();
        finish();
      },
    });
  }

  #isPaused(key: ExactKey): boolean {
    const paused = this.#paused.get(key);
    if (paused === undefined) return false;
    const passedMs = this.#options.clock.now() - paused.failedAtMs;
    // Under 0: the clock was set back, and nobody waits until it has caught up.
    return passedMs >= 0 && passedMs < paused.pauseMs;
  }

  #pause(key: ExactKey): void {
    const before = this.#paused.peek(key);
    const pauseMs = before === undefined ? FIRST_PAUSE_MS : Math.min(2 * before.pauseMs, MAX_PAUSE_MS);
    this.#paused.set(key, { failedAtMs: this.#options.clock.now(), pauseMs });
  }
}
