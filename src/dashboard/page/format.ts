const dash = "–";

function write(value: number, maximumFractionDigits: number): string {
  return value.toLocaleString(undefined, { maximumFractionDigits });
}

/** Whole up to ten million, then shortened: a tile must not break. */
export function formatCount(value: number | null | undefined): string {
  if (value === null || value === undefined) return dash;
  if (Math.abs(value) < 10_000_000) return write(value, 0);
  return value.toLocaleString(undefined, { notation: "compact", maximumFractionDigits: 1 });
}

/** `share` of one: 0.123 is 12.3 %. */
export function formatShare(share: number | null | undefined, digits = 1): string {
  if (share === null || share === undefined) return dash;
  return share.toLocaleString(undefined, { style: "percent", maximumFractionDigits: digits });
}

/** Similarity, confidence, logit. */
export function formatScore(value: number | null | undefined): string {
  if (value === null || value === undefined) return dash;
  return value.toLocaleString(undefined, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return dash;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  return `${write(value, at === 0 ? 0 : 1)} ${units[at]}`;
}

/** Of a request. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return dash;
  if (ms >= 10_000) return `${write(ms / 1000, 0)} s`;
  if (ms >= 1000) return `${write(ms / 1000, 2)} s`;
  return `${write(ms, ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

/** Of a sum: its two largest units. */
export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return dash;
  if (seconds < 60) return `${write(seconds, 1)} s`;
  const whole = Math.floor(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${formatCount(Math.floor(whole / 86_400))} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** Small sums keep the digits that say something: what one answer costs is far under a cent. */
export function formatMoney(amount: number | null | undefined, currency = "USD"): string {
  if (amount === null || amount === undefined) return dash;
  const isSmall = amount !== 0 && Math.abs(amount) < 0.01;
  const digits = isSmall ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: Math.abs(amount) < 1 ? 4 : 2 };
  return amount.toLocaleString(undefined, { style: "currency", currency, ...digits });
}

export function formatTime(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function formatDateTime(time: number | string | null): string {
  return time === null
    ? "never"
    : new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** "1 entry", "2 entries". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
