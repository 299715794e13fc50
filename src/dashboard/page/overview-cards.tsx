import type { ComponentChildren } from "preact";
import type { DeskStats, DeskStore, HistorySum } from "../desk-api.ts";
import { Button } from "./button.tsx";
import { chooseFilter } from "./decision-list.ts";
import { explainReason, noFilter } from "./decision-outcome.ts";
import { toRanked } from "./ranked.ts";
import { formatBytes, formatCount, formatShare, plural } from "./format.ts";
import { Meter } from "./meter.tsx";
import { goTo } from "./tabs.tsx";

export function ReasonsCard({ sum }: { readonly sum: HistorySum }) {
  return (
    <Card title="Why misses were misses">
      <Bars
        rows={toRanked(sum.missReasons)}
        of={sum.misses}
        empty="No misses in this time."
        explain={explainReason}
        onChoose={(reason) => {
          chooseFilter({ ...noFilter, reason });
          goTo("decisions");
        }}
      />
    </Card>
  );
}

export function LimitsCard({ store }: { readonly store: DeskStore }) {
  const { removed } = store;
  const left = Object.entries(removed).filter(([, count]) => count > 0);
  return (
    <Card title="What is stored">
      <Fill name="Entries" value={store.entries} limit={store.maxEntries} format={formatCount} />
      <Fill name="Size" value={store.bytes} limit={store.maxBytes} format={formatBytes} />
      <p class="dim">
        {store.kind} store, {plural(store.partitions, "partition")}.{" "}
        {left.length === 0
          ? "Nothing has left since the start."
          : `Left since the start: ${left.map(([cause, count]) => `${cause} ${formatCount(count)}`).join(", ")}.`}
      </p>
    </Card>
  );
}

const errorWords: Readonly<Record<string, string>> = {
  "upstream-unreachable": "no connection",
  "upstream-broken": "the connection broke",
  "upstream-connect-timeout": "timed out: connect",
  "upstream-headers-timeout": "timed out: first byte",
  "upstream-idle-timeout": "timed out: silence",
  "http-429": "429 too many requests",
  "http-4xx": "4xx refused the request",
  "http-5xx": "5xx failed",
};

export function ErrorsCard({ sum }: { readonly sum: HistorySum }) {
  const rows = toRanked(sum.providerErrors);
  return (
    <Card title="Provider errors">
      <Bars
        rows={rows}
        of={rows.reduce((all, [, count]) => all + count, 0)}
        kind="failure"
        empty="None in this time."
        label={(code) => errorWords[code] ?? code}
      />
    </Card>
  );
}

export function TrustCard({ trust }: { readonly trust: DeskStats["trust"] }) {
  const { audits, wrongRate, feedback, barredPairs, closedPartitions, steps } = trust;
  const compared = audits.right + audits.wrong;
  const raised = Object.keys(steps.partitions).length;
  return (
    <Card title="Is it ever wrong?">
      <dl class="pairs">
        <Pair name="Hits audited">
          {formatCount(audits.right)} right, {formatCount(audits.wrong)} wrong, {formatCount(audits.unsure)} unsure
        </Pair>
        <Pair name="Wrong, 95% interval">
          {compared === 0 ? "no audit yet" : `${formatShare(wrongRate[0], 2)} to ${formatShare(wrongRate[1], 2)}`}
        </Pair>
        <Pair name="People said">
          {formatCount(feedback.right)} right, {formatCount(feedback.wrong)} wrong
        </Pair>
        <Pair name="Pairs barred">{formatCount(barredPairs)}</Pair>
        {(steps.all > 0 || raised > 0 || closedPartitions > 0) && (
          <Pair name="Bar raised">
            {plural(steps.all, "step")} for all, {plural(raised, "partition")} on their own,{" "}
            {formatCount(closedPartitions)} closed
          </Pair>
        )}
      </dl>
    </Card>
  );
}

function Card({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="card" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Pair({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Bars({
  rows,
  of,
  empty,
  kind = "miss",
  label = (code) => code,
  explain,
  onChoose,
}: {
  readonly rows: readonly (readonly [code: string, count: number])[];
  readonly of: number;
  readonly empty: string;
  readonly kind?: "miss" | "failure";
  readonly label?: (code: string) => string;
  readonly explain?: (code: string) => string;
  readonly onChoose?: (code: string) => void;
}) {
  if (rows.length === 0) return <p class="dim">{empty}</p>;
  return (
    <ul class="bars">
      {rows.map(([code, count]) => (
        <li key={code} title={explain?.(code)}>
          {onChoose ? (
            <Button class="link" onClick={() => onChoose(code)}>
              {label(code)}
            </Button>
          ) : (
            <span>{label(code)}</span>
          )}
          <b class="number">{formatCount(count)}</b>
          <span class="track" aria-hidden="true">
            <span class={kind} style={{ width: `${of === 0 ? 0 : (count / of) * 100}%` }} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Fill({
  name,
  value,
  limit,
  format,
}: {
  readonly name: string;
  readonly value: number;
  readonly limit: number | null;
  readonly format: (value: number) => string;
}) {
  const text = limit === null ? `${format(value)}, no limit` : `${format(value)} of ${format(limit)}`;
  return (
    <div class="limit">
      <p>
        {name} <b class="number">{text}</b>
      </p>
      {limit !== null && <Meter label={name} value={value} max={limit} isPoor={value > limit * 0.9} text={text} />}
    </div>
  );
}
