import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { DecisionOutcome, DeskDecision } from "../desk-api.ts";
import { DecisionDialog } from "./decision-dialog.tsx";
import { DecisionGrid } from "./decision-grid.tsx";
import {
  begin,
  chooseFilter,
  complete,
  filter,
  kept,
  listFault,
  loading,
  paused,
  reload,
  rows,
  showWaiting,
  waitingCount,
} from "./decision-list.ts";
import { bypassReasonCodes, missReasonCodes, noFilter } from "./decision-outcome.ts";
import { formatCount, plural } from "./format.ts";
import { PromptsLock } from "./prompts-lock.tsx";

const outcomes: readonly (readonly [DecisionOutcome | "", string])[] = [
  ["", "All outcomes"],
  ["exact", "Exact hits"],
  ["semantic", "Semantic hits"],
  ["stale", "Stale hits"],
  ["miss", "Misses"],
  ["bypass", "Bypasses"],
  ["error", "Failures"],
];

/** Typing asks the server once it rests. */
const TYPING_MS = 250;

export function Decisions() {
  const opened = useSignal<DeskDecision | null>(null);
  useEffect(begin, []);
  return (
    <section class="panel" aria-label="Decisions">
      <div class="bar">
        <Filters />
        <PromptsLock />
      </div>
      <div class="bar">
        <p class="dim" aria-live="polite">
          {describeCount()}
        </p>
        <span class="inline">
          <button type="button" aria-pressed={paused.value} onClick={() => togglePause()}>
            {paused.value ? "Resume" : "Pause"}
          </button>
        </span>
      </div>
      {listFault.value && (
        <p role="alert" class="notice failed">
          {listFault.value} <button onClick={() => void reload()}>Try again</button>
        </p>
      )}
      <DecisionGrid onOpen={(decision) => (opened.value = decision)} />
      {opened.value && (
        <DecisionDialog key={opened.value.id} shown={opened.value} onClose={() => (opened.value = null)} />
      )}
    </section>
  );
}

function describeCount(): string {
  if (loading.value && rows.value.length === 0) return "Loading…";
  const isFiltered = Object.values(filter.value).some((value) => value !== "");
  const shown = plural(rows.value.length, "decision");
  const of = isFiltered || kept.value === null ? "" : ` of ${formatCount(kept.value)} kept`;
  return `${shown}${complete.value ? "" : " so far"}${of}${isFiltered ? " match" : ""}`;
}

function togglePause(): void {
  paused.value = !paused.value;
  if (!paused.value && waitingCount.value > 0) showWaiting();
}

let typing: ReturnType<typeof setTimeout> | undefined;

function Filters() {
  const { outcome, reason, model, q } = filter.value;
  const type = (name: "model" | "q") => (event: { readonly currentTarget: HTMLInputElement }) => {
    const { value } = event.currentTarget;
    clearTimeout(typing);
    typing = setTimeout(() => chooseFilter({ [name]: value.trim() }), TYPING_MS);
  };
  return (
    <form class="filters" role="search" aria-label="Decisions" onSubmit={(event) => event.preventDefault()}>
      <select
        aria-label="Outcome"
        value={outcome}
        onChange={({ currentTarget }) => chooseFilter({ outcome: currentTarget.value as DecisionOutcome | "" })}
      >
        {outcomes.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <select
        aria-label="Reason"
        value={reason}
        onChange={({ currentTarget }) => chooseFilter({ reason: currentTarget.value })}
      >
        <option value="">All reasons</option>
        <option value="guard">guard (all)</option>
        <optgroup label="Miss">
          {missReasonCodes.map((code) => (
            <option key={code}>{code}</option>
          ))}
        </optgroup>
        <optgroup label="Bypass">
          {bypassReasonCodes.map((code) => (
            <option key={code}>{code}</option>
          ))}
        </optgroup>
      </select>
      <input type="search" aria-label="Model" placeholder="Model" defaultValue={model} onInput={type("model")} />
      <input
        type="search"
        aria-label="Prompt, request or entry"
        placeholder="Prompt, request or entry"
        defaultValue={q}
        onInput={type("q")}
      />
      {filter.value !== noFilter && (
        <button
          type="reset"
          class="quiet"
          onClick={() => {
            clearTimeout(typing);
            chooseFilter(noFilter);
            filter.value = noFilter;
          }}
        >
          Clear
        </button>
      )}
    </form>
  );
}
