import { BoundedNames } from "./bounded-names.ts";
import type { RequestReport } from "./request-report.ts";

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

/** Most dollars first, then most tokens; each has 100 names at most, and "other" for all that came later. */
export interface SavedTables {
  readonly byModel: readonly (SavedSum & { readonly model: string })[];
  /** The first 8 characters of the tenant's id. */
  readonly byTenant: readonly (SavedSum & { readonly tenant: string })[];
  readonly byRoute: readonly (SavedSum & { readonly route: string })[];
}

/** Names that each table tells apart. */
const MAX_NAMES = 100;
const NO_NAME = "none";

export class Sum {
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

  merge({ calls, tokens, dollars, unpricedTokens }: SavedSum): void {
    this.#calls += calls;
    this.#tokens += tokens;
    this.#dollars += dollars;
    this.#unpricedTokens += unpricedTokens;
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

/** What was saved by model, tenant and route. `maxNames`: that each of the three tells apart. */
export class SavedNames {
  readonly #models: SumTable;
  readonly #tenants: SumTable;
  readonly #routes: SumTable;

  constructor(maxNames = MAX_NAMES) {
    this.#models = new SumTable(maxNames);
    this.#tenants = new SumTable(maxNames);
    this.#routes = new SumTable(maxNames);
  }

  add(report: RequestReport): void {
    const { model, tenant, route } = report;
    for (const sum of [this.#models.of(model), this.#tenants.of(tenant), this.#routes.of(route)]) sum.add(report);
  }

  /** Where there is not room for all names, those that are merged first keep theirs. */
  merge({ byModel, byTenant, byRoute }: SavedTables): void {
    for (const sum of byModel) this.#models.of(sum.model).merge(sum);
    for (const sum of byTenant) this.#tenants.of(sum.tenant).merge(sum);
    for (const sum of byRoute) this.#routes.of(sum.route).merge(sum);
  }

  /** Each request is of one route. */
  sum(): SavedSum {
    const all = new Sum();
    for (const [, sum] of this.#routes.ranked()) all.merge(sum);
    return all.snapshot();
  }

  snapshot(): SavedTables {
    return {
      byModel: this.#models.ranked().map(([model, sum]) => ({ model, ...sum })),
      byTenant: this.#tenants.ranked().map(([tenant, sum]) => ({ tenant, ...sum })),
      byRoute: this.#routes.ranked().map(([route, sum]) => ({ route, ...sum })),
    };
  }
}

class SumTable {
  readonly #names: BoundedNames;
  readonly #sums = new Map<string, Sum>();

  constructor(maxNames: number) {
    this.#names = new BoundedNames(maxNames);
  }

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
