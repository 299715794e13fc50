/** Where progress is drawn: standard error, so that it never mixes with what is written. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressBar {
  /** `done`: of `total`; `detail`: what is told behind the bar. */
  show(done: number, detail: string): void;
  /** Takes the line away. */
  end(): void;
}

const WIDTH = 24;
const REDRAW_MS = 100;

/** One line that is drawn over itself on a terminal, and nothing at all anywhere else. @param total 0: not known */
export function createProgressBar(
  stream: ProgressStream,
  { label, total }: { label: string; total: number },
): ProgressBar {
  if (stream.isTTY !== true) return { show: () => undefined, end: () => undefined };
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    show(done, detail) {
      const now = performance.now();
      if (now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      drawn = true;
      const share = total > 0 ? Math.min(1, done / total) : null;
      const filled = Math.floor((share ?? 0) * WIDTH);
      const bar =
        share === null ? "" : ` [${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${Math.floor(share * 100)}%`;
      // A line that wraps would not be drawn over. A terminal that does not know its width says 0.
      stream.write(`\r\u001B[K${`${label}${bar}  ${detail}`.slice(0, Math.max(1, (stream.columns || 80) - 1))}`);
    },
    end() {
      if (drawn) stream.write("\r\u001B[K");
    },
  };
}

/** `12,345 entries`, `1 entry`. */
export function toCount(count: number, one: string, many: string): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

export function toBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
