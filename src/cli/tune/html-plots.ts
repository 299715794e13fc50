// Two plots as inline SVG, drawn here: a page that needs nothing else can be sent to somebody, and read in ten years.
import type { CurvePoint } from "../../tuning/curve.ts";
import type { TuneReport } from "../../tuning/tune-report.ts";
import { escapeHtml } from "./escape-html.ts";
import { toMarks, toMeasured, toPercent, toSettingName } from "./figures.ts";

const WIDTH = 720;
const HEIGHT = 380;
const MARGIN = { left: 76, right: 24, top: 16, bottom: 52 };
const PLOT = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
/** Names of settings that would stand on each other are left to the tooltip. */
const NAME_ROOM = 36;

/** Hit rate against the share of wrong answers among the hits by meaning: expected, and where the log tells, measured. */
export function encodeCurvePlot(report: Pick<TuneReport, "curve" | "suggestion">): string {
  const { curve, suggestion } = report;
  const points = curve.flatMap((point, index) =>
    point.semanticHits > 0 && point.expectedWrongRate !== null
      ? [{ point, index, wrong: point.expectedWrongRate }]
      : [],
  );
  const [exact] = curve;
  const mostWrong = toRound(
    Math.max(
      suggestion.wantedRate,
      0.02,
      ...points.flatMap(({ point, wrong }) => [wrong, point.measured.wrongRate ?? 0]),
    ),
  );
  const mostHits = toRound(Math.max(0.01, ...curve.map(({ hitRate }) => hitRate ?? 0)));
  const across = (share: number) => round(MARGIN.left + (PLOT.width * Math.min(share, mostWrong)) / mostWrong);
  const upwards = (share: number) => round(MARGIN.top + PLOT.height * (1 - Math.min(share, mostHits) / mostHits));
  const path = points.map(({ point, wrong }) => `${across(wrong)},${upwards(point.hitRate ?? 0)}`).join(" ");
  const named = chooseNamed(
    points.map(({ point, index, wrong }) => {
      return {
        index,
        x: across(wrong),
        rank: toMarks(report, point, index).length + Number(index === suggestion.index),
      };
    }),
  );
  const expected = points.map(({ point, index, wrong }) => {
    const [x, y] = [across(wrong), upwards(point.hitRate ?? 0)];
    const name = named.has(index)
      ? `<text x="${x}" y="${y - 11}" text-anchor="middle">${toSettingName(point)}</text>`
      : "";
    const kind = index === suggestion.index ? "mark suggested" : "mark";
    return `<g class="${kind}"><title>${tell(point, toMarks(report, point, index))}</title><circle cx="${x}" cy="${y}" r="5"/>${name}</g>`;
  });
  const measured = points.flatMap(({ point }) => {
    const { wrongRate, low, high } = point.measured;
    if (wrongRate === null || low === null || high === null) return [];
    const y = upwards(point.hitRate ?? 0);
    const whisker = `<line x1="${across(low)}" x2="${across(high)}" y1="${y}" y2="${y}"/>`;
    return `<g class="measured"><title>${tell(point, [])}</title>${whisker}<circle cx="${across(wrongRate)}" cy="${y}" r="4"/></g>`;
  });
  const base = upwards(exact?.hitRate ?? 0);
  const wanted = across(suggestion.wantedRate);
  return frame({
    label: "Hit rate against the share of wrong answers among the hits by meaning",
    bottom: toTicks(mostWrong).map((tick) => ({ at: across(tick), text: toPercent(tick) })),
    bottomTitle: "wrong among the hits by meaning",
    left: toTicks(mostHits).map((tick) => ({ at: upwards(tick), text: toPercent(tick) })),
    leftTitle: "hits among all requests",
    content: [
      `<line class="goal" x1="${wanted}" x2="${wanted}" y1="${MARGIN.top}" y2="${MARGIN.top + PLOT.height}"/>`,
      `<text class="hint" x="${wanted + 6}" y="${MARGIN.top + PLOT.height - 8}">wanted at most</text>`,
      `<line class="base" x1="${MARGIN.left}" x2="${MARGIN.left + PLOT.width}" y1="${base}" y2="${base}"/>`,
      `<text class="hint" text-anchor="end" x="${MARGIN.left + PLOT.width}" y="${base - 6}">exact only</text>`,
      `<polyline class="line" points="${path}"/>`,
      ...measured,
      ...expected,
    ],
  });
}

/** One bar for each setting: exact hits, hits by meaning, and of these the expected wrong ones. */
export function encodeBarsPlot(report: Pick<TuneReport, "curve" | "suggestion" | "traffic">): string {
  const { curve, traffic } = report;
  const most = toRound(Math.max(0.01, ...curve.map(({ hitRate }) => hitRate ?? 0)));
  const upwards = (share: number) => round(MARGIN.top + PLOT.height * (1 - share / most));
  const step = PLOT.width / curve.length;
  const bars = curve.map((point, index) => {
    const x = round(MARGIN.left + step * index + step * 0.15);
    const width = round(step * 0.7);
    const wrong = point.expectedWrong ?? 0;
    const ends = [
      0,
      point.exactHits,
      point.exactHits + point.semanticHits - wrong,
      point.exactHits + point.semanticHits,
    ];
    const parts = ["exact", "meaning", "wrong"].map((kind, at) => {
      const [from, to] = [upwards((ends[at] ?? 0) / traffic.requests), upwards((ends[at + 1] ?? 0) / traffic.requests)];
      return `<rect class="${kind}" x="${x}" y="${to}" width="${width}" height="${round(from - to)}"/>`;
    });
    return `<g><title>${tell(point, toMarks(report, point, index))}</title>${parts.join("")}</g>`;
  });
  return frame({
    label: "Hits of each setting: exact, by meaning, and of these expected wrong",
    bottom: curve.map((point, index) => ({
      at: round(MARGIN.left + step * (index + 0.5)),
      text: point.maxErrorRate === 0 ? "exact" : toSettingName(point),
    })),
    bottomTitle: "max_error_rate",
    left: toTicks(most).map((tick) => ({ at: upwards(tick), text: toPercent(tick) })),
    leftTitle: "hits among all requests",
    content: bars,
  });
}

/** The marked ones first, the others where there is room beside them. */
function chooseNamed(
  points: readonly { readonly index: number; readonly x: number; readonly rank: number }[],
): ReadonlySet<number> {
  const chosen: { readonly index: number; readonly x: number }[] = [];
  for (const point of points.toSorted((a, b) => b.rank - a.rank)) {
    if (chosen.every(({ x }) => Math.abs(x - point.x) >= NAME_ROOM)) chosen.push(point);
  }
  return new Set(chosen.map(({ index }) => index));
}

interface Tick {
  readonly at: number;
  readonly text: string;
}

function frame(plot: {
  readonly label: string;
  readonly bottom: readonly Tick[];
  readonly bottomTitle: string;
  readonly left: readonly Tick[];
  readonly leftTitle: string;
  readonly content: readonly string[];
}): string {
  const base = MARGIN.top + PLOT.height;
  const left = plot.left.map(
    ({ at, text }) =>
      `<line class="grid" x1="${MARGIN.left}" x2="${MARGIN.left + PLOT.width}" y1="${at}" y2="${at}"/>` +
      `<text class="tick" text-anchor="end" x="${MARGIN.left - 8}" y="${at + 4}">${text}</text>`,
  );
  const below = plot.bottom.map(
    ({ at, text }) => `<text class="tick" text-anchor="middle" x="${at}" y="${base + 19}">${text}</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(plot.label)}">
${[...left, ...below].join("\n")}
<text class="axis" text-anchor="middle" x="${MARGIN.left + PLOT.width / 2}" y="${HEIGHT - 8}">${plot.bottomTitle}</text>
<text class="axis" text-anchor="middle" transform="rotate(-90)" x="${-(MARGIN.top + PLOT.height / 2)}" y="14">${plot.leftTitle}</text>
${plot.content.join("\n")}
</svg>`;
}

function tell(point: CurvePoint, marks: readonly string[]): string {
  const lines = [
    `${toSettingName(point)}${marks.length > 0 ? ` (${marks.join(", ")})` : ""}`,
    `hits ${toPercent(point.hitRate)}: ${point.exactHits} exact, ${point.semanticHits} by meaning`,
    ...(point.semanticHits > 0 ? [`expected wrong ${toPercent(point.expectedWrongRate)}`] : []),
    ...(point.measured.wrongRate === null ? [] : [`measured wrong ${toMeasured(point)}`]),
  ];
  return escapeHtml(lines.join("\n"));
}

/** The next round figure: the end of an axis of shares. */
function toRound(share: number): number {
  const power = 10 ** Math.floor(Math.log10(share));
  const factor = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((each) => each * power >= share - 1e-9) ?? 10;
  return factor * power;
}

function toTicks(most: number): readonly number[] {
  return Array.from({ length: 6 }, (_, index) => (most * index) / 5);
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
