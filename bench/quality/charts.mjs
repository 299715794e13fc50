// Two charts as inline SVG: drawn here, because two line charts need no library, and the page must need nothing else.
import { toPercent } from "./report-tables.mjs";
import { escapeHtml } from "./table.mjs";

const WIDTH = 720;
const HEIGHT = 420;
/** Between two figures on the axis. */
const TICK_ROOM = 36;
const MARGIN = { left: 58, right: 150, top: 16, bottom: 52 };
const PLOT = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };

const round = (value) => Number(value.toFixed(1));
const upwards = (share) => round(MARGIN.top + PLOT.height * (1 - share));

/** Recall against false hits. The axis of false hits is by square root: what matters lies under 5%, and none is on it too. */
export function tradeOffChart({ curves, methods }) {
  const most = Math.max(0.05, Math.min(1, ...Object.values(curves).map((points) => points.at(-1)?.falseHits ?? 0)));
  const across = (share) => round(MARGIN.left + PLOT.width * Math.sqrt(Math.min(share, most) / most));
  const ticks = [];
  // The rest only where there is room beside those that matter more.
  for (const tick of [0, 0.01, 0.05, 0.1, 0.2, 0.02, 0.4, 0.7, 1, 0.005, 0.001])
    if (tick <= most && ticks.every((other) => Math.abs(across(other) - across(tick)) >= TICK_ROOM)) ticks.push(tick);
  const names = { product: "Semcache", verifier: "verifier only", cosine: "cosine" };
  const lines = Object.entries(names).map(([id, name]) => {
    const points = [{ falseHits: 0, recall: 0 }, ...curves[id]].filter(({ falseHits }) => falseHits <= most);
    const end = points.at(-1);
    const path = points.map(({ falseHits, recall }) => `${across(falseHits)},${upwards(recall)}`).join(" ");
    return { id, name, path, x: across(end.falseHits), y: upwards(end.recall) };
  });
  const labels = apart(lines).map(
    ({ id, name, x, y }) => `<text class="${id} name" x="${x + 8}" y="${y + 4}">${name}</text>`,
  );
  const spots = new Map();
  for (const { id, name, isHindsight, recall, falseHits } of methods) {
    if (isHindsight || recall.value === null || falseHits.value === null) continue;
    const [kind, value = "guard only"] = id.split(" ");
    const at = { kind, x: across(falseHits.value), y: upwards(recall.value), values: [], told: [] };
    const spot = spots.get(`${kind} ${at.x} ${at.y}`) ?? at;
    spot.values.push(value);
    spot.told.push(`${name}: recall ${toPercent(recall.value)}, false hits ${toPercent(falseHits.value)}`);
    spots.set(`${kind} ${at.x} ${at.y}`, spot);
  }
  const marks = [...spots.values()].map(({ kind, x, y, values, told }) => {
    // Semcache's names stand above its curve, where there is room, the others' below theirs.
    const isLeft = kind === "product" && x > MARGIN.left + TICK_ROOM;
    const place = isLeft
      ? `text-anchor="end" x="${x - 8}" y="${y - 5}"`
      : `x="${x + 8}" y="${y + (kind === "product" ? -6 : 14)}"`;
    return `<g class="${kind} mark"><title>${escapeHtml(told.join("\n"))}</title><circle cx="${x}" cy="${y}" r="5"/><text ${place}>${values.join(", ")}</text></g>`;
  });
  return frame({
    label: "Recall on must-hit pairs against false hits on must-miss pairs, means over sets",
    bottom: ticks.map((tick) => ({ at: across(tick), text: toPercent(tick).replace(/\.0+%/, "%") })),
    bottomTitle: "false hits on must-miss pairs (square-root scale)",
    leftTitle: "recall on must-hit pairs",
    content: [
      ...(most >= 0.01
        ? [
            `<line class="goal" x1="${across(0.01)}" x2="${across(0.01)}" y1="${MARGIN.top}" y2="${MARGIN.top + PLOT.height}"/>`,
          ]
        : []),
      ...lines.map(({ id, path }) => `<polyline class="${id} line" points="${path}"/>`),
      ...marks,
      ...labels,
    ],
  });
}

/** Predicted probability against the share that was right, with intervals. */
export function reliabilityChart({ reliability }) {
  const across = (share) => round(MARGIN.left + PLOT.width * share);
  const points = reliability.map(({ predicted, right }) => {
    const x = across(predicted);
    const told = `predicted ${toPercent(predicted)}: ${right.count} of ${right.size} right, ${toPercent(right.value)} (${toPercent(right.low)} to ${toPercent(right.high)})`;
    return `<g class="product mark"><title>${escapeHtml(told)}</title><line x1="${x}" x2="${x}" y1="${upwards(right.low)}" y2="${upwards(right.high)}"/><circle cx="${x}" cy="${upwards(right.value)}" r="5"/></g>`;
  });
  const path = reliability.map(({ predicted, right }) => `${across(predicted)},${upwards(right.value)}`).join(" ");
  return frame({
    label: "Predicted probability against the share of pairs that were right",
    bottom: [0, 0.2, 0.4, 0.6, 0.8, 1].map((tick) => ({ at: across(tick), text: tick.toFixed(1) })),
    bottomTitle: "predicted probability",
    leftTitle: "share that was right",
    content: [
      `<line class="goal" x1="${across(0)}" y1="${upwards(0)}" x2="${across(1)}" y2="${upwards(1)}"/>`,
      `<polyline class="product line" points="${path}"/>`,
      ...points,
      `<text class="quiet" x="${across(1) + 8}" y="${upwards(1) + 4}">as predicted</text>`,
    ],
  });
}

function frame({ label, bottom, bottomTitle, leftTitle, content }) {
  const left = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (share) =>
      `<line class="grid" x1="${MARGIN.left}" x2="${MARGIN.left + PLOT.width}" y1="${upwards(share)}" y2="${upwards(share)}"/>` +
      `<text class="tick" text-anchor="end" x="${MARGIN.left - 8}" y="${upwards(share) + 4}">${Math.round(share * 100)}%</text>`,
  );
  const base = MARGIN.top + PLOT.height;
  const below = bottom.map(
    ({ at, text }) =>
      `<line class="grid" x1="${at}" x2="${at}" y1="${base}" y2="${base + 5}"/><text class="tick" text-anchor="middle" x="${at}" y="${base + 19}">${text}</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(label)}">
${[...left, ...below].join("\n")}
<text class="axis" text-anchor="middle" x="${MARGIN.left + PLOT.width / 2}" y="${HEIGHT - 8}">${bottomTitle}</text>
<text class="axis" text-anchor="middle" transform="rotate(-90)" x="${-(MARGIN.top + PLOT.height / 2)}" y="14">${leftTitle}</text>
${content.join("\n")}
</svg>`;
}

/** Names of lines that end side by side are moved apart. */
function apart(lines) {
  const placed = [];
  for (const line of lines.toSorted((a, b) => a.y - b.y)) {
    const above = placed.at(-1);
    placed.push({ ...line, y: above === undefined ? line.y : Math.max(line.y, above.y + 16) });
  }
  return placed;
}
