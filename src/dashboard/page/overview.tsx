import type { HistoryRange } from "../desk-api.ts";
import { Charts } from "./charts.tsx";
import { ComparedCard } from "./compared-card.tsx";
import { chooseRange, compared, history, historyFault, live, range, savings, stats } from "./desk.ts";
import { EmptyStart } from "./empty-start.tsx";
import { FaultNotice } from "./fault-notice.tsx";
import { ErrorsCard, LimitsCard, ReasonsCard, TrustCard } from "./overview-cards.tsx";
import { SavedCard } from "./saved-card.tsx";
import { SinceStart } from "./since-start.tsx";
import { Tiles } from "./tiles.tsx";

const ranges: readonly (readonly [HistoryRange, string])[] = [
  ["1h", "1 hour"],
  ["24h", "24 hours"],
  ["7d", "7 days"],
  ["30d", "30 days"],
];

export function Overview() {
  const shown = history.value;
  const now = stats.value;
  // Told above all tabs where there is no connection.
  const fault = live.value === "live" ? historyFault.value : null;
  if (!now || !shown)
    return (
      <section class="panel" aria-label="Overview" aria-busy={live.value === "connecting"}>
        {fault ? (
          <FaultNotice text={fault} />
        ) : (
          <p class="dim">{live.value === "disconnected" ? "There is nothing to show yet." : "Loading…"}</p>
        )}
      </section>
    );
  const isFresh = now.totals.requests === 0 && shown.sum.requests === 0 && now.store.entries === 0;
  return (
    <section class="panel" aria-label="Overview">
      <fieldset class="ranges">
        <legend class="visually-hidden">Range</legend>
        {ranges.map(([value, label]) => (
          <label key={value}>
            <input
              type="radio"
              name="range"
              value={value}
              checked={range.value === value}
              onChange={() => chooseRange(value)}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <FaultNotice text={fault} />
      {isFresh && (
        <div class="card">
          <EmptyStart what="Nothing has come through yet." />
        </div>
      )}
      <Tiles history={shown} />
      <Charts history={shown} />
      <div class="cards">
        <ReasonsCard sum={shown.sum} />
        <LimitsCard store={now.store} />
        <ErrorsCard sum={shown.sum} />
        <TrustCard trust={now.trust} />
      </div>
      {compared.value && <ComparedCard compared={compared.value} />}
      {savings.value && <SavedCard saved={savings.value} />}
      <SinceStart stats={now} />
    </section>
  );
}
