import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { Figures, type FigureRow } from "./figures.tsx";
import { formatDateTime } from "./format.ts";
import { readColour, shownTheme } from "./theme.ts";

export interface ChartSeries {
  readonly label: string;
  /** A custom property of the page. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
}

export interface ChartProps {
  readonly title: string;
  readonly times: readonly number[];
  /** Stacked ones from the bottom up. */
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** `stack`: bars on each other. `lines`, with `log` on a logarithmic scale. */
  readonly form: "stack" | "lines";
  readonly log?: boolean;
  /** The scale's top is at least this. */
  readonly top?: number;
  readonly empty: string;
}

const HEIGHT = 210;
const MAX_POINTS = 60;

/** A chart over time, and the same numbers as a table for who cannot see it or wants them. */
export function TimeChart(props: ChartProps) {
  const { title, series, empty } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef(props);
  shown.current = props;
  const dark = shownTheme.value;
  const kind = series.map(({ label }) => label).join();

  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const chart = new uPlot(toOptions(shown, element.clientWidth), toData(shown.current), element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [dark, kind]);

  useEffect(() => plot.current?.setData(toData(shown.current)), [props.times, series]);

  const isEmpty = series.every(({ values }) => values.every((value) => !value));
  return (
    <figure class="chart card">
      <figcaption>{title}</figcaption>
      <div class="plot-place">
        <div ref={place} aria-hidden="true" />
        {isEmpty && <p class="nothing">{empty}</p>}
      </div>
      <Numbers {...props} />
    </figure>
  );
}

function Numbers({ title, times, series, format }: ChartProps) {
  const [open, setOpen] = useState(false);
  return (
    <details class="numbers" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary aria-label={`${title}: numbers`}>Numbers</summary>
      {open && (
        <Figures
          label={`${title}: numbers`}
          head={["From", ...series.map(({ label }) => label)]}
          rows={times
            .map((time, index): FigureRow => [
              formatDateTime(time * 1000),
              ...series.map(({ values }) => formatCell(values[index], format)),
            ])
            .reverse()}
        />
      )}
    </details>
  );
}

function formatCell(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

/** A stack is painted from its whole down, so that each bar covers the one behind it up to its own height. */
function toData({ times, series, form }: ChartProps): uPlot.AlignedData {
  if (form === "lines") return [[...times], ...series.map(({ values }) => [...values])];
  let below = times.map(() => 0);
  const sums = series.map(({ values }) => (below = below.map((sum, index) => sum + (values[index] ?? 0))));
  return [[...times], ...sums.reverse()];
}

function toOptions(shown: { readonly current: ChartProps }, width: number): uPlot.Options {
  const { series, form, log = false } = shown.current;
  const text = readColour("--muted");
  const grid = { stroke: readColour("--line"), width: 1 };
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const order = form === "stack" ? [...series].reverse() : series;
  const bars = uPlot.paths.bars?.({ size: [0.9, 60], align: 1 });
  return {
    width,
    height: HEIGHT,
    cursor: { sync: { key: "desk" }, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      // The last bar has its width too.
      x: { range: (_chart, min, max) => [min, max + (form === "stack" ? stepOf(shown.current.times) : 0)] },
      y: {
        distr: log ? 3 : 1,
        range: (_chart, min, max) => {
          if (log) return min === null || max === null || max <= 0 ? [1, 1000] : uPlot.rangeLog(min, max, 10, true);
          return [0, uPlot.rangeNum(0, Math.max(max ?? 0, shown.current.top ?? 1), 0.1, true)[1] ?? 1];
        },
      },
    },
    axes: [
      { stroke: text, font, grid: { show: false }, ticks: { ...grid, size: 4 }, size: 46, gap: 3 },
      {
        stroke: text,
        font,
        grid: { ...grid, ...(log && { filter: onlyPowersOfTen }) },
        ticks: { show: false },
        size: 70,
        values: (_chart, splits) => splits.map((split) => (split === null ? "" : shown.current.format(split))),
        ...(log && { filter: onlyPowersOfTen }),
      },
    ],
    series: [
      { value: (_chart, time) => (time === null ? "–" : formatDateTime(time * 1000)), label: "from" },
      ...order.map(({ label, colour, dashed }): uPlot.Series => {
        const stroke = readColour(colour);
        return {
          label,
          stroke,
          width: form === "stack" ? 0 : dashed ? 1 : 2,
          spanGaps: true,
          // A single value has no line; many have no room for points.
          points: { show: () => isSparse(shown.current, label), size: 4, fill: stroke },
          ...(dashed && { dash: [5, 4] }),
          ...(form === "stack" && bars && { fill: stroke, paths: bars, points: { show: false } }),
          // A stack is drawn by its sums; what is told is the value itself.
          value: (_chart, _value, _series, index) =>
            index === null
              ? "–"
              : formatCell(
                  shown.current.series.find((each) => each.label === label)?.values[index],
                  shown.current.format,
                ),
        };
      }),
    ],
  };
}

function isSparse({ series }: ChartProps, label: string): boolean {
  const values = series.find((each) => each.label === label)?.values ?? [];
  return values.filter((value) => value !== null).length <= MAX_POINTS;
}

function stepOf(times: readonly number[]): number {
  return (times[1] ?? 0) - (times[0] ?? 0);
}

/** Of a logarithmic axis only the powers of ten have room for their labels. */
function onlyPowersOfTen(_chart: uPlot, splits: number[]): (number | null)[] {
  return splits.map((split) => (Math.abs(Math.log10(split) % 1) < 1e-9 ? split : null));
}
