import type { DeskSavings } from "../desk-api.ts";
import { Figures } from "./figures.tsx";
import { formatCount, formatDateTime, formatMoney } from "./format.ts";

type SavedRow = readonly [name: string, sum: Pick<DeskSavings, "calls" | "tokens" | "dollars" | "unpricedTokens">];

/** As many as are read at a glance; the admin API has the rest. */
const MAX_ROWS = 8;

/** What was not asked of providers on these days: for which model, whose, and by which route. */
export function SavedCard({ saved }: { readonly saved: DeskSavings }) {
  if (saved.from === null) return null;
  const { byModel, unpricedTokens } = saved;
  return (
    <section class="card" aria-label="What was saved">
      <h3>
        What was saved since {formatDateTime(saved.from)}: {formatCount(saved.calls)} calls, {formatCount(saved.tokens)}{" "}
        tokens, {formatMoney(saved.dollars)}
      </h3>
      <div class="saved-tables">
        <SavedTable name="Model" rows={byModel.map((sum) => [sum.model, sum])} />
        <SavedTable name="Tenant" rows={saved.byTenant.map((sum) => [sum.tenant, sum])} />
        <SavedTable name="Route" rows={saved.byRoute.map((sum) => [sum.route, sum])} />
      </div>
      {unpricedTokens > 0 && (
        <p class="dim">
          {formatCount(unpricedTokens)} of the tokens have no price and count as none:{" "}
          {byModel
            .filter((sum) => sum.unpricedTokens > 0)
            .slice(0, MAX_ROWS)
            .map(({ model }) => model)
            .join(", ")}
          . Prices of your own go into the configuration (<code>prices</code>).
        </p>
      )}
    </section>
  );
}

function SavedTable({ name, rows }: { readonly name: string; readonly rows: readonly SavedRow[] }) {
  return (
    <Figures
      label={`By ${name.toLowerCase()}`}
      head={[name, "Calls", "Tokens", "Money"]}
      rows={rows
        .slice(0, MAX_ROWS)
        .map(([label, { calls, tokens, dollars, unpricedTokens }]) => [
          label,
          formatCount(calls),
          formatCount(tokens),
          tokens > 0 && unpricedTokens === tokens ? "no price" : formatMoney(dollars),
        ])}
    />
  );
}
