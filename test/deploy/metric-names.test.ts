import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { errorCodes } from "#semcache/base/errors.js";
import { bypassReasons, missReasons, notStoredReasons, staleCauses } from "#semcache/model/reason.js";
import { providerErrorKinds } from "#semcache/telemetry/provider-error.js";
import { lookupSteps, phases } from "#semcache/telemetry/request-report.js";
import { ask, chat, freshNamespace, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { parsePrometheusText, type MetricFamily } from "../support/prometheus-text.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import { readExpression, withoutVariables } from "./metric-use.ts";

const folder = fileURLToPath(new URL("../../deploy", import.meta.url));
const read = (path: string) => readFileSync(`${folder}/${path}`, "utf8");

interface Dashboard {
  readonly uid: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly panels: readonly Panel[];
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

const dashboard = JSON.parse(read("grafana/dashboards/semcache.json")) as Dashboard;
const { groups } = parse(read("prometheus/alerts.yml")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const targets = dashboard.panels.flatMap(({ title, targets: all = [] }) => all.map((target) => ({ title, ...target })));
const expressions = [
  ...targets.map(({ title, expr }) => ({ where: `panel "${title}"`, expr: withoutVariables(expr) })),
  ...dashboard.annotations.list.map(({ expr }) => ({ where: "annotation", expr: withoutVariables(expr) })),
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
];

/** Added by Prometheus: to each series, to histograms, and of the scrape itself. */
const ofPrometheus = new Set(["job", "instance"]);

/** The values that a label can have, where a test cannot bring all of them about. */
const closedSets: { readonly [label: string]: readonly string[] } = {
  cache_status: ["hit", "miss", "bypass", "stale"],
  match: ["exact", "semantic", "none"],
  reason: ["none", ...Object.keys(missReasons), ...Object.keys(bypassReasons), ...Object.keys(notStoredReasons)],
  code: Object.keys(errorCodes),
  kind: providerErrorKinds,
  outcome: ["right", "wrong", "unsure", "failed", "skipped"],
  verdict: ["right", "wrong"],
  cause: Object.keys(staleCauses),
  phase: phases,
  step: lookupSteps,
  status: ["200", "429", "500", "502", "503", "504"],
};

let provider: ImitationProvider;
let server: RunningSemcache;
let families: Map<string, MetricFamily>;
beforeAll(async () => {
  provider = await startImitationProvider();
  server = await startSemcache(provider.url, {
    cache: {
      stale_if_error: "1h",
      eviction_policy: [
        { policy_type: "entry_limit", value: 1000 },
        { policy_type: "memory_limit_mb", value: 100 },
      ],
    },
    matching: { audit_rate: 1 },
  });
  await drive(server);
  families = parsePrometheusText((await ask(server.port, { method: "GET", path: "/metrics" })).text);
});
afterAll(async () => {
  await server.close();
  await provider.close();
});

/** One request of each kind that has series of its own. */
async function drive({ port }: RunningSemcache): Promise<void> {
  const namespace = freshNamespace();
  const say = (text: string, headers: HeaderList = [], path?: string) =>
    ask(port, { headers: [namespace, ...headers], body: chat(text), ...(path !== undefined && { path }) });
  await say("How do I reset my password?");
  await say("How do I reset my password?");
  const hit = await say("How can I reset my password?");
  expect(hit.outcome).toBe("hit/semantic");
  expect((await say("Convert 10 miles to kilometers")).outcome).toMatch(/^miss/u);
  expect((await say("Convert 20 miles to kilometers")).outcome).toBe("miss/guard-number");
  await say("How do I reset my password?", [["cache-control", "no-store"]]);
  await ask(port, { path: "/semcache/v1/feedback", headers: [], body: { request: hit.id, verdict: "wrong" } });
  // Nobody listens there.
  await say("What is left of it?", [["x-semcache-ttl", "soon"]]);
  await say("Who answers here?", [["x-llm-proxy-host", "http://127.0.0.1:1"]]);
}

function familyOf(metric: string): MetricFamily | undefined {
  const plain = families.get(metric);
  if (plain && plain.type !== "histogram") return plain;
  const histogram = families.get(metric.replace(/_(?:bucket|sum|count)$/u, ""));
  return histogram?.type === "histogram" && histogram !== plain ? histogram : undefined;
}

function labelsOf(metric: string): ReadonlySet<string> | null {
  const family = familyOf(metric);
  if (!family) return null;
  const sample = family.samples.find(({ name }) => name === metric);
  return sample ? new Set(sample.labels.keys()) : null;
}

describe("each expression of dashboard and alerts", () => {
  it("asks for series that the server exposes, by labels that they have, and for values that these can have", () => {
    const problems: string[] = [];
    expect(expressions.length).toBeGreaterThan(60);
    for (const { where, expr } of expressions) {
      const { series, grouping } = readExpression(expr);
      expect(series, where).not.toEqual([]);
      const known = new Set(["job", "instance"]);
      for (const { metric, matchers } of series) {
        if (metric === "up") continue;
        if (!familyOf(metric)) problems.push(`${where}: there is no metric ${metric}`);
        const labels = labelsOf(metric) ?? labelsThatNoTestBringsAbout[metric];
        if (!labels) problems.push(`${where}: ${metric} has no series to tell its labels by`);
        for (const label of labels ?? []) known.add(label);
        for (const { label, operator, value } of matchers) {
          if (ofPrometheus.has(label)) continue;
          if (!labels?.has(label)) problems.push(`${where}: ${metric} has no label ${label}`);
          const values = closedSets[label] ?? [];
          const wanted = operator.endsWith("~") ? value.split("|") : [value];
          for (const each of wanted) {
            const isIt = operator.endsWith("~") ? new RegExp(`^(?:${each})$`, "u") : null;
            if (!values.some((one) => isIt?.test(one) ?? one === each))
              problems.push(`${where}: ${label} is never ${each}`);
          }
        }
      }
      for (const label of grouping) if (!known.has(label)) problems.push(`${where}: nothing has the label ${label}`);
    }
    expect(problems).toEqual([]);
  });

  it("has what it shows in the legend", () => {
    for (const { title, expr, legendFormat } of targets) {
      for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/gu)) {
        const { series, grouping } = readExpression(withoutVariables(expr));
        const isThere = grouping.length > 0 ? grouping.includes(label) : series.every(() => ofPrometheus.has(label));
        expect(isThere, `${title}: ${label}`).toBe(true);
      }
    }
  });
});

/** Series that begin with an event which is not brought about here. */
const labelsThatNoTestBringsAbout: { readonly [metric: string]: ReadonlySet<string> } = {
  semcache_stale_answers_total: new Set(["cause"]),
  semcache_refreshes_total: new Set(["outcome"]),
  semcache_evictions_total: new Set(["cause"]),
};

describe("the dashboard", () => {
  it("has panels that neither overlap nor share an id, and each metric of the server's own on one of them", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.get(`${x} ${y}`), `${title} on`).toBe(undefined);
          cells.set(`${x} ${y}`, title);
        }
      }
    }
    const shown = new Set(
      expressions.flatMap(({ expr }) =>
        readExpression(expr).series.map(({ metric }) => metric.replace(/_(?:bucket|sum|count)$/u, "")),
      ),
    );
    const own = [...families.keys()].filter((name) => name.startsWith("semcache_"));
    expect(own.filter((name) => !shown.has(name)).sort()).toEqual(notShown);
  });

  it("uses only the variables that it defines", () => {
    const defined = dashboard.templating.list.map(({ name }) => name);
    const text = JSON.stringify(dashboard);
    const used = new Set(Array.from(text.matchAll(/\$\{?([a-z]\w*)/gu), ([, name]) => name));
    expect([...used].sort()).toEqual([...defined].sort());
    for (const { definition } of dashboard.templating.list) {
      if (definition === undefined) continue;
      const selector = /^label_values\((.*), (?:job|instance)\)$/u.exec(definition)?.[1] ?? "";
      const [use] = readExpression(withoutVariables(selector)).series;
      expect(familyOf(use?.metric ?? "")).toBeDefined();
    }
  });
});

/** The first Semcache's names for what other series say too, and what is of use when one looks for a cause only. */
const notShown = [
  "semcache_cache_size",
  "semcache_chat_completion_http_requests",
  "semcache_invalidated_entries_total",
  "semcache_invalidations_total",
  // Only there with a judge.
  "semcache_judge_calls_left",
  // What verdicts have left behind; the verdicts themselves are shown.
  "semcache_labelled_pairs",
  "semcache_memory_usage",
];

describe("each alert", () => {
  it("says what it means, and has a section in docs/operating.md", () => {
    const sections = Array.from(
      readFileSync(`${folder}/../docs/operating.md`, "utf8").matchAll(/^### (Semcache\w+)$/gmu),
      ([, name]) => name,
    );
    expect(rules.map(({ alert }) => alert).sort()).toEqual(sections.sort());
    for (const { alert, labels, annotations } of rules) {
      expect(labels.severity).toMatch(/^(?:critical|warning)$/u);
      expect(annotations.runbook).toBe(`docs/operating.md#${alert.toLowerCase()}`);
      expect(annotations.description.length).toBeGreaterThan(20);
    }
  });
});

describe("readExpression", () => {
  it("finds metrics, matchers and groupings, and refuses what is not PromQL", () => {
    const { series, grouping } = readExpression(
      'sum by (le, job) (rate(a_bucket{x="1", y=~"b|c"}[5m])) / on (job) group_left max(d) > 0.5',
    );
    expect(series).toEqual([
      {
        metric: "a_bucket",
        matchers: [
          { label: "x", operator: "=", value: "1" },
          { label: "y", operator: "=~", value: "b|c" },
        ],
      },
      { metric: "d", matchers: [] },
    ]);
    expect(grouping).toEqual(["le", "job", "job"]);
    for (const wrong of ["sum(", 'a{x="1"', "rate(a[5x])", "a b"])
      expect(() => readExpression(wrong), wrong).toThrow(/^Cannot read/u);
  });
});
