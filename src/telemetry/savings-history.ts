import type { Clock } from "../base/clock.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { Pace } from "../base/pace.ts";
import type { RequestReport } from "./request-report.ts";
import { SavedNames, type SavedSum, type SavedTables } from "./saved-sums.ts";
import { toSavingWay } from "./savings.ts";

/** Where the days are kept: a part of the store's state. */
export interface SavingsKeeper {
  get(key: string): JsonValue | null;
  entries(prefix: string): Iterable<readonly [key: string, value: JsonValue]>;
  put(key: string, value: JsonValue): void;
  delete(key: string): void;
}

export interface SavedDays extends SavedSum, SavedTables {
  /** The first of these days on which anything was saved, in UTC, as YYYY-MM-DD; null: none. */
  readonly from: string | null;
}

/** So many days are kept, and can be asked for. */
export const MAX_SAVED_DAYS = 90;
const DAY_MS = 86_400_000;
const KEEP_EVERY_MS = 60_000;
const PREFIX = "saved/";

/**
 * What was saved by model, tenant and route on each day of UTC, across restarts: kept each minute and at the close, so a
 * crash loses a minute. Bounded: {@link MAX_SAVED_DAYS} days of three tables with a bounded number of names each.
 */
export class SavingsHistory {
  readonly #keeper: SavingsKeeper;
  readonly #clock: Clock;
  /** Days since the Unix epoch. */
  #day: number;
  #open: SavedNames;
  #hasChanged = false;
  #timer: NodeJS.Timeout | null = null;

  constructor({ keeper, clock }: { readonly keeper: SavingsKeeper; readonly clock: Clock }) {
    this.#keeper = keeper;
    this.#clock = clock;
    this.#day = toDay(clock.now());
    this.#open = this.#restore(this.#day);
  }

  start(): void {
    this.#timer = setInterval(() => this.#keep(), KEEP_EVERY_MS).unref();
  }

  add(report: RequestReport): void {
    if (toSavingWay(report) === null) return;
    const day = toDay(this.#clock.now());
    if (day !== this.#day) {
      this.#keep();
      // A clock that was set back goes on with the day that is there.
      [this.#day, this.#open] = [day, this.#restore(day)];
    }
    this.#open.add(report);
    this.#hasChanged = true;
  }

  /** Today and the days before, so many together. */
  async read(days: number): Promise<SavedDays> {
    const today = toDay(this.#clock.now());
    const all = new SavedNames(Infinity);
    const pace = new Pace();
    let from: string | null = null;
    for (let before = 0; before < days; before++) {
      const day = today - before;
      const tables = day === this.#day ? this.#open.snapshot() : toTables(this.#keeper.get(toKey(day)));
      if (tables.byRoute.length > 0) from = toDate(day);
      all.merge(tables);
      if (pace.isDue) await pace.rest();
    }
    // What saved most keeps its name where there is not room for all.
    const shown = new SavedNames();
    shown.merge(all.snapshot());
    return { from, ...all.sum(), ...shown.snapshot() };
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#keep();
  }

  #restore(day: number): SavedNames {
    const names = new SavedNames();
    names.merge(toTables(this.#keeper.get(toKey(day))));
    return names;
  }

  #keep(): void {
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    const key = toKey(this.#day);
    const isNew = this.#keeper.get(key) === null;
    this.#keeper.put(key, toJson(this.#open.snapshot()));
    if (!isNew) return;
    const days = [...this.#keeper.entries(PREFIX)].map(([each]) => each).toSorted();
    for (const each of days.slice(0, -MAX_SAVED_DAYS)) this.#keeper.delete(each);
  }
}

function toDay(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

/** In UTC, as YYYY-MM-DD. */
function toDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** In the order of their letters keys are in the order of time. */
function toKey(day: number): string {
  return PREFIX + toDate(day);
}

/** Rows without the names of their columns: half as long. */
function toJson({ byModel, byTenant, byRoute }: SavedTables): JsonObject {
  const toRow = (name: string, { calls, tokens, dollars, unpricedTokens }: SavedSum) =>
    [name, calls, tokens, dollars, unpricedTokens] as const;
  return {
    m: byModel.map(({ model, ...sum }) => [...toRow(model, sum)]),
    t: byTenant.map(({ tenant, ...sum }) => [...toRow(tenant, sum)]),
    r: byRoute.map(({ route, ...sum }) => [...toRow(route, sum)]),
  };
}

/** What is on disk may have been edited by hand: what cannot be is left out. */
function toTables(value: JsonValue | null): SavedTables {
  const [models, tenants, routes] = ["m", "t", "r"].map((name) => toRows(isJsonObject(value) ? value[name] : null));
  return {
    byModel: (models ?? []).map(([model, sum]) => ({ model, ...sum })),
    byTenant: (tenants ?? []).map(([tenant, sum]) => ({ tenant, ...sum })),
    byRoute: (routes ?? []).map(([route, sum]) => ({ route, ...sum })),
  };
}

function toRows(value: JsonValue | undefined): readonly (readonly [string, SavedSum])[] {
  const rows: readonly JsonValue[] = Array.isArray(value) ? value : [];
  return rows.flatMap((row) => {
    const [name, ...figures] = Array.isArray(row) ? (row as readonly JsonValue[]) : [];
    const [calls, tokens, dollars, unpricedTokens] = figures.map((figure) =>
      typeof figure === "number" && figure >= 0 ? figure : 0,
    );
    if (typeof name !== "string" || calls === undefined) return [];
    return [[name, { calls, tokens: tokens ?? 0, dollars: dollars ?? 0, unpricedTokens: unpricedTokens ?? 0 }]];
  });
}
