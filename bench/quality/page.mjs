import { reliabilityChart, tradeOffChart } from "./charts.mjs";
import {
  comparisonTable,
  reasonTable,
  recallTable,
  reliabilityTable,
  setTable,
  toPercent,
  trafficTables,
} from "./report-tables.mjs";
import { escapeHtml, toHtml } from "./table.mjs";

const STYLE = `
:root { color-scheme: light dark; --ground: #fcfcfa; --ink: #1c1d1f; --quiet: #62656b; --line: #dcdcd6; --product: #0b62c4; --verifier: #a04a00; --cosine: #6b6f76; }
@media (prefers-color-scheme: dark) { :root { --ground: #16181b; --ink: #e9e9e6; --quiet: #a2a6ad; --line: #34373c; --product: #6db1ff; --verifier: #f0a35e; --cosine: #a9adb5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 32px 24px 64px; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 8px; } h2 { font-size: 18px; margin: 40px 0 8px; }
p { max-width: 78ch; } .note, .facts { color: var(--quiet); font-size: 13px; } .remark { border-left: 3px solid var(--verifier); padding-left: 12px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px; margin: 24px 0; padding: 0; list-style: none; }
.tiles li { border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; } .tiles b { display: block; font-size: 26px; line-height: 1.2; font-variant-numeric: tabular-nums; } .tiles span { color: var(--quiet); font-size: 13px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: 5px 12px; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400; } th:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--quiet); vertical-align: bottom; } tr.sum > * { font-weight: 600; }
svg { width: 100%; max-width: 820px; height: auto; display: block; } svg text { font: 12px system-ui, sans-serif; fill: var(--quiet); }
.grid { stroke: var(--line); } .goal { stroke: var(--quiet); stroke-dasharray: 4 4; } .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.product { --own: var(--product); } .verifier { --own: var(--verifier); } .cosine { --own: var(--cosine); } .guard { --own: var(--ink); }
.line, .mark line { stroke: var(--own); } .mark circle { fill: var(--own); stroke: var(--ground); stroke-width: 2; } svg .name { fill: var(--own); font-weight: 600; } svg .mark text { font-size: 11px; fill: var(--own); paint-order: stroke; stroke: var(--ground); stroke-width: 3px; }
`;

/** The trade-off as an image of its own, in the colours of the reader's theme. @param {import("./report.mjs").Report} report */
export function toCurveImage(report) {
  const chart = tradeOffChart(report.pairs);
  const ground = '<rect width="100%" height="100%" fill="var(--ground)"/>';
  return `${chart.replace(/<svg ([^>]*)>/, `<svg xmlns="http://www.w3.org/2000/svg" $1><style>${STYLE}</style>${ground}`)}\n`;
}

/** One page that needs nothing else: no script, no font, no image from anywhere. @param {import("./report.mjs").Report} report */
export function toPage(report) {
  const { pairs, traffic, remarks } = report;
  const facts = Object.entries(report.facts).map(
    ([name, value]) => `${escapeHtml(name)}: ${escapeHtml(String(value))}`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>How often Semcache's hits are right</title><style>${STYLE}</style></head>
<body><main>
<h1>How often Semcache's hits are right</h1>
<p>May prompt B be answered with the stored answer of prompt A? ${escapeHtml(report.selection)}</p>
<p class="facts">${facts.join(" · ")}</p>
${remarks.map((remark) => `<p class="remark">${escapeHtml(remark)}</p>`).join("\n")}
<ul class="tiles">${tiles(report).join("")}</ul>
<section><h2>Trade-off</h2>
${tradeOffChart(pairs)}
<p class="note">Means over sets. Semcache over all bars on its probability, the dots at those of max_error_rate; cosine over all thresholds, the dots at 0.80, 0.90 and 0.95. The dashed line is 1% false hits.</p></section>
${toHtml(comparisonTable(pairs))}
${toHtml(recallTable(pairs))}
${toHtml(setTable(pairs))}
<section><h2>Reliability</h2>
${reliabilityChart(pairs)}</section>
${toHtml(reliabilityTable(pairs))}
${toHtml(reasonTable(pairs))}
${traffic.rows.length === 0 ? "" : trafficTables(traffic).map(toHtml).join("\n")}
<section><h2>Method</h2>${report.method.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join("\n")}</section>
</main></body></html>
`;
}

function tiles({ pairs, traffic }) {
  const product = pairs.methods.find(({ id }) => id === pairs.defaultMethod);
  const all = traffic.rows.filter(({ labels }) => labels === "total");
  const interval = ({ low, high }) => `95% interval ${toPercent(low)} to ${toPercent(high)}`;
  const tile = (value, name) => `<li><b>${escapeHtml(value)}</b><span>${escapeHtml(name)}</span></li>`;
  return [
    tile(toPercent(product.recall.value), `recall at the default, mean over sets; ${interval(product.recall)}`),
    tile(
      toPercent(product.falseHits.value),
      `false hits at the default, mean over sets; ${interval(product.falseHits)}`,
    ),
    ...all.map(({ stream, counts, methods }) => {
      const rate = methods[pairs.defaultMethod].wrongAfterReading;
      const { semantic } = counts[pairs.defaultMethod];
      return tile(
        toPercent(rate.value),
        `wrong, after reading, of ${semantic} semantic hits in traffic, ${stream}; ${interval(rate)}`,
      );
    }),
  ];
}
