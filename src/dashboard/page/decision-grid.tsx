import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { DeskDecision } from "../desk-api.ts";
import { Button } from "./button.tsx";
import { loadMore, loading, complete, rows, scrolled, showWaiting, waitingCount } from "./decision-list.ts";
import { canBeCalled } from "./decision-outcome.ts";
import { DecisionRow } from "./decision-row.tsx";
import { plural } from "./format.ts";
import { giveFeedback } from "./give-feedback.ts";
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
        ...(canBeCalled(decision) &&
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
        <Button
          class="fresh"
          onClick={() => {
            showWaiting();
            view.current?.scrollTo({ top: 0 });
          }}
        >
          Show {plural(waitingCount.value, "newer decision")}
        </Button>
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
            <DecisionRow
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
