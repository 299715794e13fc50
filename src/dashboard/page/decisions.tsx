import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { DecisionOutcome, DeskDecision } from "../desk-api.ts";
import { Button } from "./button.tsx";
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
  promptsShown,
  reload,
  rows,
  showWaiting,
} from "./decision-list.ts";
import { bypassReasonCodes, missReasonCodes, noFilter } from "./decision-outcome.ts";
import { FaultNotice } from "./fault-notice.tsx";
import { formatCount, plural } from "./format.ts";
import { readForm, whenTypingRests } from "./typed-form.ts";
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

export function Decisions() {
  const opened = useSignal<DeskDecision | null>(null);
  useEffect(begin, []);
  const isLocked = promptsShown.value === "no";
  useEffect(() => {
    // What is open may have prompts that the server has wiped.
    if (isLocked) opened.value = null;
  }, [isLocked]);
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
          <Button aria-pressed={paused.value} onClick={() => togglePause()}>
            {paused.value ? "Resume" : "Pause"}
          </Button>
        </span>
      </div>
      <FaultNotice text={listFault.value}>
        {" "}
        <Button onClick={() => void reload()}>Try again</Button>
      </FaultNotice>
      <DecisionGrid onOpen={(decision) => (opened.value = decision)} />
      {opened.value && (
        <DecisionDialog key={opened.value.id} shown={opened.value} onClose={() => (opened.value = null)} />
      )}
    </section>
  );
}

function describeCount(): string {
  if (loading.value && rows.value.length === 0) return "Loading…";
  const isFiltered = filter.value !== noFilter;
  const shown = plural(rows.value.length, "decision");
  const of = isFiltered || kept.value === null ? "" : ` of ${formatCount(kept.value)} kept`;
  return `${shown}${complete.value ? "" : " so far"}${of}${isFiltered ? " match" : ""}`;
}

function togglePause(): void {
  paused.value = !paused.value;
  if (!paused.value) showWaiting();
}

/** A form that asks once typing rests, with all of its fields. */
function Filters() {
  const { outcome, reason, model, q } = filter.value;
  const round = useSignal(0);
  return (
    <form
      key={round.value}
      class="filters"
      role="search"
      aria-label="Decisions"
      onSubmit={(event) => event.preventDefault()}
      onInput={({ currentTarget }) => whenTypingRests(() => chooseFilter(readForm(currentTarget)))}
    >
      <select name="outcome" aria-label="Outcome">
        {outcomes.map(([value, label]) => (
          <option key={value} value={value} selected={value === outcome}>
            {label}
          </option>
        ))}
      </select>
      <select name="reason" aria-label="Reason">
        <option value="">All reasons</option>
        <option value="guard" selected={reason === "guard"}>
          guard (all)
        </option>
        <ReasonOptions label="Miss" codes={missReasonCodes} chosen={reason} />
        <ReasonOptions label="Bypass" codes={bypassReasonCodes} chosen={reason} />
      </select>
      <input name="model" type="search" aria-label="Model" placeholder="Model" defaultValue={model} />
      <input
        name="q"
        type="search"
        aria-label="Prompt, request or entry"
        placeholder="Prompt, request or entry"
        defaultValue={q}
      />
      {filter.value !== noFilter && (
        <Button
          class="quiet"
          onClick={() => {
            chooseFilter(noFilter);
            round.value++;
          }}
        >
          Clear
        </Button>
      )}
    </form>
  );
}

function ReasonOptions(props: { readonly label: string; readonly codes: readonly string[]; readonly chosen: string }) {
  return (
    <optgroup label={props.label}>
      {props.codes.map((code) => (
        <option key={code} selected={code === props.chosen}>
          {code}
        </option>
      ))}
    </optgroup>
  );
}
