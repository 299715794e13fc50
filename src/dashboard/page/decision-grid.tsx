import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { DeskDecision } from "../desk-api.ts";
import { loadMore, loading, complete, rows, scrolled, showWaiting, waitingCount } from "./decision-list.ts";
import { explainReason, isFailure, isHit, toOutcome } from "./decision-outcome.ts";
import { formatMs, formatScore, formatTime, plural } from "./format.ts";
import { giveFeedback } from "./give-feedback.ts";
import { GuardWords } from "./judgement-view.tsx";
import { MarkedText } from "./marked-text.tsx";
import { scrollTopFor, toRowWindow } from "./row-window.ts";

/** As page.css has it: `--row`. A narrow page stacks the cells of a row. */
const ROW_PX = 54;
const NARROW_ROW_PX = 150;
const narrow = matchMedia("(max-width: 60rem)");
/** So near to the end the next page is asked for. */
const AHEAD_ROWS = 100;

const columns = ["Time", "Outcome", "Details", "Model", "Similarity", "Confidence", "Took", "Was it right?"] as const;

/**
 * The decisions as a grid of which only the rows in view are in the page. The grid has the focus and names its row
 * (`aria-activedescendant`), because a focused row could be scrolled away from under it.
 */
export function DecisionGrid({ onOpen }: { readonly onOpen: (decision: DeskDecision) => void }) {
  const view = useRef<HTMLDivElement>(null);
  const scrollTop = useSignal(0);
  const height = useSignal(600);
  const rowHeight = useSignal(narrow.matches ? NARROW_ROW_PX : ROW_PX);
  const active = useSignal<string | null>(null);

  useLayoutEffect(() => {
    const element = view.current;
    if (!element) return;
    const measure = () => {
      height.value = element.clientHeight;
      rowHeight.value = narrow.matches ? NARROW_ROW_PX : ROW_PX;
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => {
      observer.disconnect();
      scrolled.value = false;
    };
  }, []);

  const count = rows.value.length;
  const { first, end } = toRowWindow({
    scrollTop: scrollTop.value,
    height: height.value,
    rowHeight: rowHeight.value,
    rows: count,
  });
  useEffect(() => {
    if (end + AHEAD_ROWS >= count) void loadMore();
  }, [end, count]);

  const activeIndex = rows.value.findIndex(({ id }) => id === active.value);
  const move = (to: number) => {
    const index = Math.max(0, Math.min(count - 1, to));
    active.value = rows.value[index]?.id ?? null;
    const element = view.current;
    if (!element) return;
    const header = element.querySelector<HTMLElement>("[role=rowgroup]")?.offsetHeight ?? 0;
    element.scrollTop = scrollTopFor(index, {
      scrollTop: element.scrollTop,
      height: element.clientHeight - header,
      rowHeight: rowHeight.value,
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== view.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(height.value / rowHeight.value) - 1);
    const decision = rows.value[activeIndex];
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => move(activeIndex + 1),
      ArrowUp: () => move(activeIndex === -1 ? 0 : activeIndex - 1),
      PageDown: () => move(activeIndex + page),
      PageUp: () => move(activeIndex - page),
      Home: () => move(0),
      End: () => move(count - 1),
      ...(decision && {
        Enter: () => onOpen(decision),
        ...(isHit(decision) &&
          decision.feedback === null && {
            w: () => void giveFeedback(decision, "wrong"),
            r: () => void giveFeedback(decision, "right"),
          }),
      }),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  return (
    <>
      {waitingCount.value > 0 && (
        <button
          type="button"
          class="fresh"
          onClick={() => {
            showWaiting();
            view.current?.scrollTo({ top: 0 });
          }}
        >
          Show {plural(waitingCount.value, "newer decision")}
        </button>
      )}
      <div
        ref={view}
        class="grid"
        role="grid"
        tabIndex={0}
        aria-label="Decisions, newest first"
        aria-rowcount={complete.value ? count + 1 : -1}
        aria-activedescendant={activeIndex >= first && activeIndex < end ? `decision-${active.value}` : undefined}
        aria-describedby="grid-keys"
        aria-busy={loading.value}
        onKeyDown={onKeyDown}
        onScroll={({ currentTarget }) => {
          scrollTop.value = currentTarget.scrollTop;
          scrolled.value = currentTarget.scrollTop > rowHeight.value / 2;
        }}
      >
        <div role="rowgroup" class="grid-head">
          <div role="row" aria-rowindex={1} class="grid-row">
            {columns.map((column) => (
              <span key={column} role="columnheader">
                {column}
              </span>
            ))}
          </div>
        </div>
        {count === 0 && !loading.value && (
          <p class="empty">No decision like this yet. Send a request, or clear the filter.</p>
        )}
        <div role="rowgroup" class="grid-rows" style={{ height: `${count * rowHeight.value}px` }}>
          {rows.value.slice(first, end).map((decision, index) => (
            <Row
              key={decision.id}
              decision={decision}
              index={first + index}
              top={(first + index) * rowHeight.value}
              isActive={decision.id === active.value}
              onOpen={() => {
                active.value = decision.id;
                onOpen(decision);
              }}
            />
          ))}
        </div>
      </div>
      <p id="grid-keys" class="dim keys">
        <kbd>↑</kbd> <kbd>↓</kbd> move · <kbd>Enter</kbd> shows all of it · <kbd>w</kbd> the hit was wrong ·{" "}
        <kbd>r</kbd> it was right
      </p>
    </>
  );
}

function Row({
  decision,
  index,
  top,
  isActive,
  onOpen,
}: {
  readonly decision: DeskDecision;
  readonly index: number;
  readonly top: number;
  readonly isActive: boolean;
  readonly onOpen: () => void;
}) {
  const { kind, label } = toOutcome(decision);
  const { confidence, threshold, verifier } = decision;
  return (
    <div
      role="row"
      id={`decision-${decision.id}`}
      aria-rowindex={index + 2}
      aria-selected={isActive}
      class={`grid-row ${isActive ? "active" : ""}`}
      style={{ top: `${top}px` }}
      onClick={onOpen}
    >
      <span role="gridcell" class="time">
        {formatTime(decision.startedAtMs)}
      </span>
      <span role="gridcell" class="outcome">
        <span class={`badge ${kind}`}>{label}</span>
        {isFailure(decision) && <span class="badge failure">{decision.status === 0 ? "left" : decision.status}</span>}
      </span>
      <span role="gridcell" class="details">
        <Details decision={decision} />
      </span>
      <span role="gridcell" class="model" title={decision.model ?? ""}>
        {decision.model ?? "–"}
      </span>
      <span role="gridcell" class="number" data-label="similarity">
        {formatScore(decision.similarity)}
      </span>
      <span role="gridcell" class="number" data-label="confidence">
        {formatScore(confidence)}
        {threshold !== null && <small> / {formatScore(threshold)}</small>}
        {verifier !== null && (
          <small class="verifier" title="The verifier's logit">
            verifier {formatScore(verifier)}
          </small>
        )}
      </span>
      <span role="gridcell" class="number" data-label="took">
        {formatMs(decision.durationMs)}
      </span>
      <span role="gridcell" class="verdict">
        <Verdict decision={decision} />
      </span>
    </div>
  );
}

function Details({ decision }: { readonly decision: DeskDecision }) {
  const { prompts, guard, reason, stale, frameDifference } = decision;
  const code = stale ?? reason;
  return (
    <>
      {prompts && <MarkedText text={prompts.asked} marks={prompts.marks.asked} />}
      <span class="why">
        {prompts?.matched && prompts.matched !== prompts.asked && (
          <>
            <span class="dim">against </span>
            <MarkedText text={prompts.matched} marks={prompts.marks.matched} />
          </>
        )}
        {code && (
          <code title={explainReason(code)}>
            {code}
            {frameDifference && `: ${frameDifference}`}
          </code>
        )}{" "}
        {guard.slice(0, 3).map((finding, at) => (
          <GuardWords key={at} finding={finding} />
        ))}
      </span>
    </>
  );
}

function Verdict({ decision }: { readonly decision: DeskDecision }) {
  if (decision.feedback !== null) return <span class={`badge told-${decision.feedback}`}>{decision.feedback}</span>;
  if (!isHit(decision)) return null;
  const tell = (verdict: "right" | "wrong") => (event: Event) => {
    event.stopPropagation();
    void giveFeedback(decision, verdict);
  };
  // Out of the order of tabs: ten thousand rows have the keys w and r, and the dialog.
  return (
    <>
      <button type="button" class="small" tabIndex={-1} title="This hit was right" onClick={tell("right")}>
        Right
      </button>
      <button type="button" class="small danger" tabIndex={-1} title="This hit was wrong" onClick={tell("wrong")}>
        Wrong
      </button>
    </>
  );
}
