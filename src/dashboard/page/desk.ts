import { signal } from "@preact/signals";
import type { DecisionBatch, DeskHistory, DeskSavings, DeskShadow, DeskStats, HistoryRange } from "../desk-api.ts";
import { describeFault, lock, readHistory, readSavings, readShadow } from "./api-client.ts";
import { LiveStream, type LiveState } from "./live-stream.ts";

/** What the page shows of the server, kept up to date by its events. */
export const stats = signal<DeskStats | null>(null);
export const history = signal<DeskHistory | null>(null);
/** What the provider said of hits, or of what would have been hits. */
export const compared = signal<DeskShadow | null>(null);
/** What was saved on the days of the range. */
export const savings = signal<DeskSavings | null>(null);
export const historyFault = signal<string | null>(null);
export const range = signal<HistoryRange>("24h");
export const live = signal<LiveState>("connecting");
/** Why nothing comes. */
export const liveFault = signal<string | null>(null);

const batchListeners = new Set<(batch: DecisionBatch | null) => void>();

/** Told what was decided; null: something may have been missed, and what is shown is to be read anew. */
export function onDecisions(listener: (batch: DecisionBatch | null) => void): () => void {
  batchListeners.add(listener);
  return () => batchListeners.delete(listener);
}

/** How often a range is asked for at most: a month does not change by the second. */
const refreshMs: Readonly<Record<HistoryRange, number>> = {
  "1h": 1_000,
  "24h": 2_000,
  "7d": 10_000,
  "30d": 20_000,
  "90d": 60_000,
};
/** Days of UTC that have the whole range in them. */
const savedDays: Readonly<Record<HistoryRange, number>> = { "1h": 2, "24h": 2, "7d": 8, "30d": 31, "90d": 90 };
/** Without traffic the window moves on all the same. */
const IDLE_REFRESH_MS = 30_000;

let readAtMs = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let reading = false;

const stream = new LiveStream({
  onEvent(name, data) {
    if (name === "decision") for (const listener of batchListeners) listener(data as DecisionBatch);
    else refreshHistory();
    if (name === "stats") stats.value = data as DeskStats;
  },
  onState(state, fault) {
    if (state === "live" && live.value !== "live") {
      for (const listener of batchListeners) listener(null);
      void loadHistory();
    }
    live.value = state;
    liveFault.value = fault?.message ?? null;
  },
});

export function chooseRange(chosen: HistoryRange): void {
  if (range.value === chosen) return;
  range.value = chosen;
  void loadHistory();
}

function refreshHistory(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void loadHistory(), Math.max(0, readAtMs + refreshMs[range.value] - Date.now()));
}

async function loadHistory(): Promise<void> {
  if (reading) return;
  reading = true;
  clearTimeout(timer);
  const asked = range.value;
  try {
    const [found, saved, said] = await Promise.all([readHistory(asked), readSavings(savedDays[asked]), readShadow()]);
    if (range.value === asked) [history.value, savings.value] = [found, saved];
    compared.value = said;
    historyFault.value = null;
  } catch (error) {
    historyFault.value = describeFault(error);
  } finally {
    reading = false;
    readAtMs = Date.now();
  }
  if (lock.value !== "open") return;
  if (range.value === asked) timer = setTimeout(() => void loadHistory(), IDLE_REFRESH_MS);
  else void loadHistory();
}

/** At the start, and once the token is there. */
export function startDesk(): void {
  stream.start();
  // Not after the events have begun: the figures are there one round trip earlier.
  void loadHistory();
}

export function followBrowser(): void {
  addEventListener("online", () => stream.hurry());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) stream.hurry();
  });
}
