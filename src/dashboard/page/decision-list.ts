import { computed, effect, signal, untracked } from "@preact/signals";
import type { DecisionBatch, DeskDecision, PromptsState } from "../desk-api.ts";
import { stats } from "./desk.ts";
import { describeFault, readDecisions } from "./api-client.ts";
import { matchesFilter, noFilter, withoutPrompts, type DecisionFilter } from "./decision-outcome.ts";

/** What the server keeps; older ones are let go here too. */
const MAX_ROWS = 10_000;
const FIRST_PAGE = 200;
const FURTHER_PAGE = 1_000;
const RELOAD_MS = 2_000;

/** The decisions that are shown, newest first: pages as far as somebody scrolled, and what comes live. */
export const rows = signal<readonly DeskDecision[]>([]);
export const filter = signal<DecisionFilter>(noFilter);
export const loading = signal(false);
export const listFault = signal<string | null>(null);
/** Null: all that the server keeps is here. */
const next = signal<string | null>(null);
/** How many the server keeps. */
export const kept = signal<number | null>(null);
/** Came while somebody read further down, or paused. */
const waiting = signal<readonly DeskDecision[]>([]);
export const waitingCount = computed(() => waiting.value.length);
export const complete = computed(() => next.value === null && !loading.value);
export const promptsShown = computed(() => stats.value?.prompts.shown);
export const paused = signal(false);
/** Somebody reads further down: rows must not move under their eyes. */
export const scrolled = signal(false);

let asked = new AbortController();
/** Nothing is kept up to date that nobody has looked at. */
let wanted = false;
/** Something came that is neither shown nor waits. */
let hasGap = false;
let reloadedAtMs = 0;
let reloading: ReturnType<typeof setTimeout> | undefined;

export function chooseFilter(changes: Partial<DecisionFilter>): void {
  const chosen = { ...filter.value, ...changes };
  filter.value = Object.values(chosen).some((value) => value !== "") ? chosen : noFilter;
  void reload();
}

/** The first time that somebody looks. */
export function begin(): void {
  if (!wanted) void reload();
}

/** From the newest on. What is shown stays until the answer is there. */
export async function reload(): Promise<void> {
  wanted = true;
  hasGap = false;
  reloadedAtMs = Date.now();
  clearTimeout(reloading);
  asked.abort();
  const { signal: current } = (asked = new AbortController());
  await load(current, FIRST_PAGE, undefined, []);
}

export async function loadMore(): Promise<void> {
  if (loading.value || next.value === null || rows.value.length >= MAX_ROWS) return;
  await load(asked.signal, FURTHER_PAGE, next.value, rows.value);
}

async function load(
  current: AbortSignal,
  limit: number,
  before: string | undefined,
  above: readonly DeskDecision[],
): Promise<void> {
  loading.value = true;
  try {
    const { outcome, reason, model, q } = filter.value;
    let from = before;
    let found: readonly DeskDecision[] = [];
    // One call looks at so many only: a rare reason may take several.
    do {
      const page = await readDecisions(
        {
          limit,
          before: from,
          outcome,
          reason,
          model,
          q,
        },
        current,
      );
      found = [...found, ...page.decisions];
      from = page.next ?? undefined;
      kept.value = page.kept;
    } while (found.length === 0 && from !== undefined);
    if (current.aborted) return;
    rows.value = withoutRepeats([...(before === undefined ? [] : rows.value), ...found]).slice(0, MAX_ROWS);
    if (above.length === 0) waiting.value = [];
    next.value = from ?? null;
    listFault.value = null;
  } catch (error) {
    if (current.aborted) return;
    listFault.value = describeFault(error);
  } finally {
    if (!current.aborted) loading.value = false;
  }
}

/** What came live; null: something may be missing. */
export function takeBatch(batch: DecisionBatch | null): void {
  if (!wanted) return;
  if (batch === null || batch.skipped > 0) {
    // Rows must not change under somebody's eyes: what is missing comes with what waits.
    if (paused.value || scrolled.value) hasGap = true;
    else reloadSoon();
  }
  if (batch === null) return;
  if (kept.value !== null) kept.value = Math.min(MAX_ROWS, kept.value + batch.decisions.length + batch.skipped);
  const shown = new Set(rows.value.map(({ id }) => id));
  const fresh = batch.decisions.filter((each) => !shown.has(each.id) && matchesFilter(each, filter.value));
  if (fresh.length === 0) return;
  if (paused.value || scrolled.value) waiting.value = withoutRepeats([...fresh, ...waiting.value]).slice(0, MAX_ROWS);
  else rows.value = [...fresh, ...rows.value].slice(0, MAX_ROWS);
}

/** Where more comes in a second than is told, the page need not ask each second. */
function reloadSoon(): void {
  clearTimeout(reloading);
  reloading = setTimeout(
    () => {
      // Somebody may read further down by now.
      if (paused.value || scrolled.value) hasGap = true;
      else void reload();
    },
    Math.max(0, reloadedAtMs + RELOAD_MS - Date.now()),
  );
}

/** What was wiped on the server is not kept here either. */
export function forgetPromptsWhenLocked(): () => void {
  let shown: PromptsState["shown"] | undefined;
  return effect(() => {
    const now = promptsShown.value;
    if (now === "no" && shown !== undefined && shown !== "no" && wanted)
      untracked(() => {
        changeRows(withoutPrompts);
        void reload();
      });
    shown = now;
  });
}

/** Shows what waited. */
export function showWaiting(): void {
  if (hasGap) {
    void reload();
    return;
  }
  rows.value = withoutRepeats([...waiting.value, ...rows.value]).slice(0, MAX_ROWS);
  waiting.value = [];
}

export function noteVerdict(id: string, feedback: "right" | "wrong"): void {
  changeRows((each) => (each.id === id ? { ...each, feedback } : each));
}

function changeRows(change: (decision: DeskDecision) => DeskDecision): void {
  rows.value = rows.value.map(change);
  waiting.value = waiting.value.map(change);
}

function withoutRepeats(decisions: readonly DeskDecision[]): readonly DeskDecision[] {
  const seen = new Set<string>();
  return decisions.filter(({ id }) => !seen.has(id) && seen.add(id));
}
