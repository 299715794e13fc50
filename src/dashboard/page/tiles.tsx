import type { ComponentChildren } from "preact";
import type { DeskHistory } from "../desk-api.ts";
import { formatCount, formatMoney, formatMs, formatSeconds, formatShare } from "./format.ts";

/** What matters, of the range, in one line of figures. */
export function Tiles({ history: { sum } }: { readonly history: DeskHistory }) {
  const { hits, stale, misses, latency } = sum;
  const lookedUp = hits.exact + hits.semantic + stale + misses;
  return (
    <div class="tiles">
      <Tile name="Hit rate" value={formatShare(sum.hitRate)} wide>
        <Split
          parts={[
            ["exact", hits.exact],
            ["semantic", hits.semantic],
            ["stale", stale],
            ["miss", misses],
          ]}
          of={lookedUp}
        />
      </Tile>
      <Tile name="Money saved" value={formatMoney(sum.savedCost)}>
        {sum.savedCost === undefined ? "no hit with a known price" : "at list prices"}
      </Tile>
      <Tile name="Tokens saved" value={formatCount(sum.savedTokens)}>
        in and out
      </Tile>
      <Tile name="Waiting saved" value={formatSeconds(sum.savedSeconds)}>
        of providers
      </Tile>
      <Tile name="Requests" value={formatCount(sum.requests)}>
        {formatCount(sum.bypasses)} not looked up
      </Tile>
      <Tile name="Median time" value={formatMs(latency.exact.p50Ms)}>
        exact hit; semantic <b>{formatMs(latency.semantic.p50Ms)}</b>, miss <b>{formatMs(latency.miss.p50Ms)}</b>
      </Tile>
    </div>
  );
}

function Tile({
  name,
  value,
  wide = false,
  children,
}: {
  readonly name: string;
  readonly value: string;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`tile card ${wide ? "wide" : ""}`}>
      <h3>{name}</h3>
      <p class="figure">{value}</p>
      <div class="dim">{children}</div>
    </div>
  );
}

/** Shares of a whole as one bar, and their counts in words. */
function Split({
  parts,
  of,
}: {
  readonly parts: readonly (readonly [kind: string, count: number])[];
  readonly of: number;
}) {
  const there = parts.filter(([kind, count]) => count > 0 || kind !== "stale");
  return (
    <>
      <div class="split" aria-hidden="true">
        {there.map(([kind, count]) => (
          <span key={kind} class={kind} style={{ flexGrow: of === 0 ? 0 : count }} />
        ))}
      </div>
      <ul class="legend">
        {there.map(([kind, count]) => (
          <li key={kind} class={kind}>
            {kind} <b>{formatCount(count)}</b>
            {of > 0 && <span class="share"> {formatShare(count / of)}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
