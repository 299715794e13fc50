import { toTokenTotal, type Usage } from "../model/answer.ts";
import { BoundedNames } from "./bounded-names.ts";
import type { RequestReport } from "./request-report.ts";

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

export interface SavedSum {
  /** Provider calls that were not made. */
  readonly calls: number;
  /** Input and output. */
  readonly tokens: number;
  /** At list price; of the tokens that have one. */
  readonly dollars: number;
  /** Tokens of models without a price: counted in `tokens`, not in `dollars`. */
  readonly unpricedTokens: number;
}

export interface SavingsSnapshot extends SavedSum {
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
  /** Most dollars first, then most tokens; each table has 100 names at most, and "other" for all that came later. */
  readonly byModel: readonly (SavedSum & { readonly model: string })[];
  /** The first 8 characters of the tenant's id. */
  readonly byTenant: readonly (SavedSum & { readonly tenant: string })[];
  readonly byRoute: readonly (SavedSum & { readonly route: string })[];
  /** Provider calls that only audits made: to be taken off what was saved. */
  readonly audits: SavedSum;
  /** Models whose tokens have no price, most tokens first. */
  readonly unpricedModels: readonly { readonly model: string; readonly tokens: number }[];
}

/** Names that each table tells apart. */
const MAX_NAMES = 100;
const NO_NAME = "none";

export function createSavings(): Savings {
  const all = new Sum();
  const audits = new Sum();
  const ways: Record<SavingWay, Sum> = { exact: new Sum(), semantic: new Sum(), stale: new Sum(), joined: new Sum() };
  const models = new SumTable();
  const tenants = new SumTable();
  const routes = new SumTable();
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
      const { model, tenant, route, usage, savedTokens } = report;
      for (const sum of [all, ways[way], models.of(model), tenants.of(tenant), routes.of(route)]) sum.add(report);
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
      const byModel = models.ranked().map(([model, sum]) => ({ model, ...sum }));
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
        byTenant: tenants.ranked().map(([tenant, sum]) => ({ tenant, ...sum })),
        byRoute: routes.ranked().map(([route, sum]) => ({ route, ...sum })),
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

class Sum {
  #calls = 0;
  #tokens = 0;
  #dollars = 0;
  #unpricedTokens = 0;

  add({ savedTokens, savedCost }: Pick<RequestReport, "savedTokens" | "savedCost">): void {
    this.#calls++;
    this.#tokens += savedTokens ?? 0;
    if (savedCost === null) this.#unpricedTokens += savedTokens ?? 0;
    else this.#dollars += savedCost;
  }

  snapshot(): SavedSum {
    return {
      calls: this.#calls,
      tokens: this.#tokens,
      dollars: this.#dollars,
      unpricedTokens: this.#unpricedTokens,
    };
  }
}

class SumTable {
  readonly #names = new BoundedNames(MAX_NAMES);
  readonly #sums = new Map<string, Sum>();

  of(given: string | null): Sum {
    const name = this.#names.of(given ?? NO_NAME);
    const known = this.#sums.get(name);
    if (known) return known;
    const sum = new Sum();
    this.#sums.set(name, sum);
    return sum;
  }

  ranked(): (readonly [string, SavedSum])[] {
    return [...this.#sums]
      .map(([name, sum]) => [name, sum.snapshot()] as const)
      .toSorted(([, a], [, b]) => b.dollars - a.dollars || b.tokens - a.tokens);
  }
}
