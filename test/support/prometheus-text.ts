export interface MetricFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: ReadonlyMap<string, string>;
    readonly value: number;
  }[];
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)$/;
const labelPair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/;
const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/**
 * Reads the Prometheus text format 0.0.4 and throws on whatever a scraper would refuse: a family twice or split, a
 * sample outside its family, a series twice, a wrong escape, a number that is none.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parsePrometheusText(text: string): Map<string, MetricFamily> {
  if (!text.endsWith("\n")) throw new Error("The last line has no line feed");
  const families = new Map<
    string,
    MetricFamily & { samples: { name: string; labels: Map<string, string>; value: number }[] }
  >();
  const series = new Set<string>();
  let help: { name: string; text: string } | null = null;
  let current: string | null = null;
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment) {
      const [, keyword, name = "", rest = ""] = comment;
      if (keyword === "HELP") {
        if (families.has(name)) throw new Error(`Family twice: ${name}`);
        help = { name, text: rest };
      } else {
        if (help?.name !== name) throw new Error(`TYPE without HELP: ${name}`);
        if (!(rest in suffixes)) throw new Error(`Unknown type: ${line}`);
        families.set(name, { type: rest, help: help.text, samples: [] });
        current = name;
      }
      continue;
    }
    if (line.startsWith("#")) throw new Error(`Unknown comment: ${line}`);
    const sample = sampleLine.exec(line);
    const family = current === null ? undefined : families.get(current);
    if (!sample || !family || current === null) throw new Error(`Not a sample of a family: ${line}`);
    const [, name = "", labelText = "", valueText = ""] = sample;
    const suffix = name.startsWith(current) ? name.slice(current.length) : null;
    if (suffix === null || !suffixes[family.type]?.includes(suffix)) throw new Error(`Outside its family: ${line}`);
    const value = valueText === "+Inf" ? Infinity : valueText === "-Inf" ? -Infinity : Number(valueText);
    if (Number.isNaN(value) && valueText !== "NaN") throw new Error(`Not a number: ${line}`);
    const labels = parseLabels(labelText, line);
    const identity = JSON.stringify([name, [...labels].sort()]);
    if (series.has(identity)) throw new Error(`Series twice: ${line}`);
    series.add(identity);
    family.samples.push({ name, labels, value });
  }
  return families;
}

function parseLabels(text: string, line: string): Map<string, string> {
  const labels = new Map<string, string>();
  let rest = text;
  while (rest !== "") {
    const pair = labelPair.exec(rest);
    if (!pair) throw new Error(`Wrong labels: ${line}`);
    const [all, name = "", value = ""] = pair;
    if (labels.has(name)) throw new Error(`Label twice: ${line}`);
    labels.set(
      name,
      value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped)),
    );
    rest = rest.slice(all.length);
  }
  return labels;
}
