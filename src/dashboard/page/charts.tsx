import type { DeskHistory } from "../desk-api.ts";
import { formatCount, formatMoney, formatMs, formatShare } from "./format.ts";
import { TimeChart } from "./time-chart.tsx";

const nothing = "No requests in this time";

export function Charts({ history }: { readonly history: DeskHistory }) {
  const { times, hits, stale, misses, bypasses, hitRate, latency, savedCost, savedTokens } = history;
  return (
    <div class="charts">
      <TimeChart
        title="Requests"
        times={times}
        form="stack"
        format={formatWhole}
        empty={nothing}
        series={[
          { label: "exact", colour: "--exact", values: hits.exact },
          { label: "semantic", colour: "--semantic", values: hits.semantic },
          { label: "stale", colour: "--stale", values: stale },
          { label: "miss", colour: "--miss", values: misses },
          { label: "bypass", colour: "--bypass", values: bypasses },
        ]}
      />
      <TimeChart
        title="Time taken, median"
        times={times}
        form="lines"
        log
        format={formatMs}
        empty={nothing}
        series={[
          { label: "exact", colour: "--exact", values: latency.exact.p50Ms },
          { label: "semantic", colour: "--semantic", values: latency.semantic.p50Ms },
          { label: "miss", colour: "--miss-line", values: latency.miss.p50Ms },
          { label: "miss, p95", colour: "--miss-line", values: latency.miss.p95Ms, dashed: true },
        ]}
      />
      <TimeChart
        title="Hit rate"
        times={times}
        form="lines"
        top={1}
        format={(share) => formatShare(share, 0)}
        empty={nothing}
        series={[{ label: "hit rate", colour: "--exact", values: hitRate }]}
      />
      {savedCost ? (
        <TimeChart
          title="Money saved"
          times={times}
          form="stack"
          format={formatMoney}
          top={0.0001}
          empty="No hit with a known price in this time"
          series={[{ label: "saved", colour: "--accent", values: savedCost }]}
        />
      ) : (
        <TimeChart
          title="Tokens saved"
          times={times}
          form="stack"
          format={formatWhole}
          empty="No hit in this time"
          series={[{ label: "saved", colour: "--accent", values: savedTokens }]}
        />
      )}
    </div>
  );
}

/** An axis has halves where there is little. */
function formatWhole(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : "";
}
