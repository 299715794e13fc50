import type { Metric, Registry } from "prom-client";

/**
 * Counters and histograms whose cells are resolved once and then are plain numbers: prom-client hashes a label object on
 * each call, which a request on the exact path would pay twenty times. The registry reads the cells at scrape time only.
 */
export interface CounterCell {
  value: number;
}

export interface HistogramCell {
  observe(value: number): void;
}

export interface CounterFamily {
  /** The cell for these label values, in the order of the label names; keep it. */
  cell(...labelValues: readonly string[]): CounterCell;
}

export interface HistogramFamily {
  cell(...labelValues: readonly string[]): HistogramCell;
}

interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A family without labels has its one cell from the start, so that the series begins at 0. */
export function createCounterFamily(
  registry: Registry,
  options: FamilyOptions & {
    /** Called at scrape time, for what is counted elsewhere. */
    readonly collect?: (family: CounterFamily) => void;
  },
): CounterFamily {
  const { name, help, labelNames = [], collect } = options;
  const cells = new Map<string, { readonly labels: Record<string, string>; readonly cell: CounterCell }>();
  register(registry, {
    name,
    help,
    type: "counter",
    labelNames,
    get: async () => {
      collect?.(family);
      const values = Array.from(cells.values(), ({ labels, cell }) => ({ labels, value: cell.value }));
      return { name, help, type: "counter", values };
    },
  });
  const family: CounterFamily = {
    cell(...labelValues) {
      const key = JSON.stringify(labelValues);
      const known = cells.get(key);
      if (known) return known.cell;
      const cell: CounterCell = { value: 0 };
      cells.set(key, { labels: toLabels(labelNames, labelValues), cell });
      return cell;
    },
  };
  if (labelNames.length === 0) family.cell();
  return family;
}

/** `upperBounds`: rising, without the infinite one. */
export function createHistogramFamily(
  registry: Registry,
  options: FamilyOptions & { readonly upperBounds: readonly number[] },
): HistogramFamily {
  const { name, help, labelNames = [], upperBounds } = options;
  const cells = new Map<string, { readonly labels: Record<string, string>; readonly cell: BucketCell }>();
  register(registry, {
    name,
    help,
    type: "histogram",
    labelNames,
    get: async () => ({
      name,
      help,
      type: "histogram",
      values: Array.from(cells.values(), ({ labels, cell }) => cell.toSamples(name, labels)).flat(),
    }),
  });
  const family: HistogramFamily = {
    cell(...labelValues) {
      const key = JSON.stringify(labelValues);
      const known = cells.get(key);
      if (known) return known.cell;
      const cell = new BucketCell(upperBounds);
      cells.set(key, { labels: toLabels(labelNames, labelValues), cell });
      return cell;
    },
  };
  if (labelNames.length === 0) family.cell();
  return family;
}

class BucketCell implements HistogramCell {
  readonly #upperBounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(upperBounds: readonly number[]) {
    this.#upperBounds = upperBounds;
    this.#counts = new Float64Array(upperBounds.length + 1);
  }

  observe(value: number): void {
    if (!Number.isFinite(value)) return;
    const bounds = this.#upperBounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index++;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sum += value;
  }

  toSamples(name: string, labels: Readonly<Record<string, string>>): Sample[] {
    const samples: Sample[] = [];
    let below = 0;
    for (const [index, count] of this.#counts.entries()) {
      below += count;
      const le = this.#upperBounds[index] ?? "+Inf";
      samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: below });
    }
    samples.push({ metricName: `${name}_sum`, labels, value: this.#sum });
    samples.push({ metricName: `${name}_count`, labels, value: below });
    return samples;
  }
}

function toLabels(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
}

interface RegistryMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "histogram";
  /** For {@link listFamilies}. */
  readonly labelNames: readonly string[];
  get(): Promise<{
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly values: readonly Sample[];
  }>;
}

/** The registry asks a metric for its name and `get()` and nothing else; its types name only its own classes. */
function register(registry: Registry, metric: RegistryMetric): void {
  registry.registerMetric(metric as unknown as Metric);
}

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** All that the registry exposes, in the order of registration, also what has no sample yet. */
export async function listFamilies(registry: Registry): Promise<readonly MetricFamily[]> {
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]));
  return registry.getMetricsAsArray().map((metric) => {
    // Its type leaves out what its own classes have as well.
    const { name, help, labelNames = [] } = metric as unknown as Omit<MetricFamily, "type">;
    return { name, type: types.get(name) ?? "untyped", help, labelNames };
  });
}
