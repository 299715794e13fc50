import type { Clock } from "../base/clock.ts";
import type { JsonValue } from "../base/json.ts";
import { Pace } from "../base/pace.ts";
import { fromText, HistoryBucket, isOfStep, type StoreGauge } from "./history-bucket.ts";
import { toColumns, toSum, type HistoryColumns, type HistorySum } from "./history-columns.ts";
import type { RequestReport } from "./request-report.ts";

/** Where the steps are kept: a part of the store's state. */
export interface HistoryKeeper {
  get(key: string): JsonValue | null;
  put(key: string, value: JsonValue): void;
}

export interface HistoryOptions {
  readonly keeper: HistoryKeeper;
  readonly clock: Clock;
  /** Null: not known now, as long as the store loads. */
  readonly gauge: () => StoreGauge | null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const SHORTEST_WAIT_MS = 1_000;

/**
 * Each step of a ring has the slot of its number modulo `slots`, and says which step it is: so there are never more
 * than `slots` of them, whatever the clock does, and one that time has passed is written over.
 */
interface Ring {
  readonly name: string;
  readonly stepMs: number;
  readonly slots: number;
}

/** A day by the minute and ninety days by the hour. */
const minutes: Ring = { name: "minute", stepMs: MINUTE_MS, slots: 1_440 };
const hours: Ring = { name: "hour", stepMs: HOUR_MS, slots: 2_160 };

/** What a range is drawn from: so many steps, each of so many of its ring's. */
const ranges = {
  "1h": { ring: minutes, steps: 60, each: 1 },
  "24h": { ring: minutes, steps: 288, each: 5 },
  "7d": { ring: hours, steps: 168, each: 1 },
  "30d": { ring: hours, steps: 180, each: 4 },
  "90d": { ring: hours, steps: 180, each: 12 },
} as const satisfies Record<string, { ring: Ring; steps: number; each: number }>;
export type HistoryRange = keyof typeof ranges;
export const historyRanges = Object.keys(ranges) as readonly HistoryRange[];

/**
 * What happened over time, across restarts. What is going on is written when its minute is over, if anything was: a
 * crash loses a minute. A clock that jumps back goes on adding to the minutes that are there; what a clock that was
 * ahead has left is not shown until its time comes.
 */
export class History {
  readonly #keeper: HistoryKeeper;
  readonly #clock: Clock;
  readonly #gauge: () => StoreGauge | null;
  #minute: number;
  /** What is not kept yet, all of it of {@link #minute}. */
  #open = new HistoryBucket();
  #kept: StoreGauge | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor({ keeper, clock, gauge }: HistoryOptions) {
    this.#keeper = keeper;
    this.#clock = clock;
    this.#gauge = gauge;
    this.#minute = toStep(clock.now(), minutes);
  }

  /** Writes each minute when it is over, also where no request follows. */
  start(): void {
    const restMs = MINUTE_MS - (this.#clock.now() % MINUTE_MS);
    this.#timer = setTimeout(
      () => {
        this.#turn();
        this.start();
      },
      // A clock that stands still is not asked all the time.
      Math.max(SHORTEST_WAIT_MS, restMs),
    ).unref();
  }

  add(report: RequestReport): void {
    this.#turn();
    this.#open.add(report);
  }

  async read(range: HistoryRange): Promise<HistoryColumns & { readonly sum: HistorySum }> {
    const { ring, steps, each } = ranges[range];
    const stepMs = ring.stepMs * each;
    const now = toStep(this.#clock.now(), ring);
    const last = Math.floor(now / each);
    const first = last - steps + 1;
    const pace = new Pace();
    const times: number[] = [];
    const buckets: HistoryBucket[] = [];
    const whole = new HistoryBucket();
    let store = this.#lastGaugeBefore(ring, first * each);
    for (let step = first; step <= last; step++) {
      const bucket = new HistoryBucket();
      bucket.store = store;
      for (let part = step * each; part < (step + 1) * each && part <= now; part++) bucket.merge(this.#at(ring, part));
      store = bucket.store;
      times.push((step * stepMs) / 1000);
      buckets.push(bucket);
      whole.merge(bucket);
      if (pace.isDue) await pace.rest();
    }
    return { ...toColumns(stepMs / 1000, times, buckets), sum: toSum(whole) };
  }

  /** The minute before, and the one going on. */
  latest(): HistoryColumns {
    const now = toStep(this.#clock.now(), minutes);
    const before = this.#at(minutes, now - 1);
    const current = this.#at(minutes, now);
    current.store ??= before.store;
    return toColumns(
      MINUTE_MS / 1000,
      [now - 1, now].map((step) => step * (MINUTE_MS / 1000)),
      [before, current],
    );
  }

  /** Keeps what is going on. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#keep();
  }

  #turn(): void {
    const minute = toStep(this.#clock.now(), minutes);
    if (minute === this.#minute) return;
    this.#keep();
    this.#minute = minute;
  }

  #keep(): void {
    const open = this.#open;
    open.store = this.#gauge();
    const { store } = open;
    const isSame = store?.entries === this.#kept?.entries && store?.bytes === this.#kept?.bytes;
    if (open.requests === 0 && (store === null || isSame)) return;
    this.#kept = store;
    this.#open = new HistoryBucket();
    for (const ring of [minutes, hours]) {
      const step = Math.floor((this.#minute * MINUTE_MS) / ring.stepMs);
      const bucket = this.#read(ring, step);
      bucket.merge(open);
      this.#keeper.put(toKey(ring, step), bucket.toText(step));
    }
  }

  /** A bucket of its own; empty where nothing is known. */
  #read(ring: Ring, step: number): HistoryBucket {
    const value = this.#keeper.get(toKey(ring, step));
    return isOfStep(value, step) ? fromText(value) : new HistoryBucket();
  }

  /** With what is not kept yet. */
  #at(ring: Ring, step: number): HistoryBucket {
    const bucket = this.#read(ring, step);
    if (Math.floor((this.#minute * MINUTE_MS) / ring.stepMs) === step) bucket.merge(this.#open);
    // The clock may have gone on without a request.
    if (toStep(this.#clock.now(), ring) === step) bucket.store = this.#gauge() ?? bucket.store;
    return bucket;
  }

  /** A store that does not change writes nothing: it stands as it last stood. */
  #lastGaugeBefore(ring: Ring, before: number): StoreGauge | null {
    for (let step = before - 1; step > before - ring.slots; step--) {
      const value = this.#keeper.get(toKey(ring, step));
      if (!isOfStep(value, step)) continue;
      const { store } = fromText(value);
      if (store !== null) return store;
    }
    return null;
  }
}

function toStep(nowMs: number, { stepMs }: Ring): number {
  return Math.floor(nowMs / stepMs);
}

function toKey({ name, slots }: Ring, step: number): string {
  return `history/${name}/${((step % slots) + slots) % slots}`;
}
