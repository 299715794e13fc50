import { toTokenTotal, type Usage } from "../model/answer.ts";
import type { RequestReport } from "./request-report.ts";
import { SavedNames, Sum, type SavedSum, type SavedTables } from "./saved-sums.ts";

export type { SavedSum } from "./saved-sums.ts";

/** What was not asked of a provider, since the start. */
export interface Savings {
  add(report: RequestReport): void;
  /** A provider call that only an audit made; `cost` in US dollars, null where the model has no price. */
  addAudit(call: { readonly usage: Usage | null; readonly cost: number | null }): void;
  snapshot(): SavingsSnapshot;
}

/** How a request went without a provider call of its own: an answer of the cache, or the flight of an equal request. */
export const savingWays = ["exact", "semantic", "stale", "joined"] as const;
export type SavingWay = (typeof savingWays)[number];

export interface SavingsSnapshot extends SavedSum, SavedTables {
  readonly currency: "USD";
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input: what the provider's own prompt cache had made cheaper. */
  readonly cachedInputTokens: number;
  /** Of the output. */
  readonly reasoningTokens: number;
  /** Time of the provider that answers of the cache spared; joined flights wait as long as the one they join. */
  readonly seconds: number;
  /** Calls of `calls` whose usage the provider did not tell: they count no tokens. */
  readonly callsOfUnknownUsage: number;
  readonly byWay: Readonly<Record<SavingWay, SavedSum>>;
  /** Provider calls that only audits made: to be taken off what was saved. */
  readonly audits: SavedSum;
  /** Models whose tokens have no price, most tokens first. */
  readonly unpricedModels: readonly { readonly model: string; readonly tokens: number }[];
}

export function createSavings(): Savings {
  const all = new Sum();
  const audits = new Sum();
  const ways: Record<SavingWay, Sum> = { exact: new Sum(), semantic: new Sum(), stale: new Sum(), joined: new Sum() };
  const tables = new SavedNames();
  let inputTokens = 0;
  let outputTokens = 0;
  let cachedInputTokens = 0;
  let reasoningTokens = 0;
  let callsOfUnknownUsage = 0;
  let ms = 0;
  return {
    add(report) {
      const way = toSavingWay(report);
      if (way === null) return;
      const { usage, savedTokens } = report;
      for (const sum of [all, ways[way]]) sum.add(report);
      tables.add(report);
      ms += report.savedMs ?? 0;
      if (savedTokens === null || usage === null) {
        callsOfUnknownUsage++;
        return;
      }
      inputTokens += usage.inputTokens;
      outputTokens += usage.outputTokens;
      cachedInputTokens += usage.cachedInputTokens ?? 0;
      reasoningTokens += usage.reasoningTokens ?? 0;
    },
    addAudit({ usage, cost }) {
      audits.add({ savedTokens: usage && toTokenTotal(usage), savedCost: cost });
    },
    snapshot() {
      const { byModel, byTenant, byRoute } = tables.snapshot();
      return {
        currency: "USD",
        ...all.snapshot(),
        inputTokens,
        outputTokens,
        cachedInputTokens,
        reasoningTokens,
        seconds: ms / 1000,
        callsOfUnknownUsage,
        byWay: {
          exact: ways.exact.snapshot(),
          semantic: ways.semantic.snapshot(),
          stale: ways.stale.snapshot(),
          joined: ways.joined.snapshot(),
        },
        byModel,
        byTenant,
        byRoute,
        audits: audits.snapshot(),
        unpricedModels: byModel
          .filter(({ unpricedTokens }) => unpricedTokens > 0)
          .map(({ model, unpricedTokens }) => ({ model, tokens: unpricedTokens }))
          .toSorted((a, b) => b.tokens - a.tokens),
      };
    },
  };
}

/** Null: the request made a provider call, or none is known to have been spared. */
export function toSavingWay({ cacheStatus, match, reason, savedMs, savedTokens }: RequestReport): SavingWay | null {
  switch (cacheStatus) {
    case "hit":
      return match ?? "exact";
    case "stale":
      // Where the provider was asked all the same, or had failed, nothing was spared.
      return savedMs === null ? null : "stale";
    case "miss":
      // One that was broken off, or whose answer was not kept, is not known to have spared anything.
      return reason === "joined" && savedTokens !== null ? "joined" : null;
    case "bypass":
      return null;
    default:
      return cacheStatus satisfies never;
  }
}
