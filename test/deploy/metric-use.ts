import { parser } from "@prometheus-io/lezer-promql";

/** A series that an expression asks for. */
export interface SeriesUse {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

export interface ExpressionUse {
  readonly series: readonly SeriesUse[];
  /** Labels that the expression groups or joins by. */
  readonly grouping: readonly string[];
}

/**
 * What a PromQL expression needs to be there, read with Prometheus' own grammar.
 *
 * @throws {Error} where the expression is not PromQL
 */
export function readExpression(expression: string): ExpressionUse {
  const series: SeriesUse[] = [];
  const grouping: string[] = [];
  const cursor = parser.parse(expression).cursor();
  do {
    const { type, from, to, node } = cursor;
    if (type.isError) throw new Error(`Cannot read the expression: wrong at ${from} of ${expression}`);
    if (type.name === "VectorSelector") {
      const name = node.getChild("Identifier");
      const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
      series.push({
        metric: name ? expression.slice(name.from, name.to) : "",
        matchers: matchers.map((matcher) => readMatcher(expression.slice(matcher.from, matcher.to))),
      });
    }
    if (type.name === "GroupingLabels") {
      for (const label of node.getChildren("LabelName")) grouping.push(expression.slice(label.from, label.to));
    }
    if (to > expression.length) break;
  } while (cursor.next());
  return { series, grouping };
}

function readMatcher(text: string): SeriesUse["matchers"][number] {
  const [, label, operator, value] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/su.exec(text) ?? [];
  if (label === undefined || operator === undefined || value === undefined) {
    throw new Error(`Cannot read the label matcher: ${text}`);
  }
  return { label, operator, value };
}

/** Grafana's variables with a value that each of them could have. */
export function withoutVariables(expression: string): string {
  return expression.replaceAll(/\$__(?:rate_interval|range|interval)/gu, "5m").replaceAll(/\$(?:job|instance)/gu, ".+");
}
