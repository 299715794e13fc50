const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
};

/** Milliseconds of a duration such as `500ms`, `75s`, `5m`, `12h`, `7d`; a bare number is seconds. Null: not a duration. */
export function parseDurationMs(text: string): number | null {
  return parseQuantity(text, durationUnits, 1000);
}

/** Bytes of a size such as `64MiB`, `2MB`, `512KiB`, `100B`; a bare number is bytes. Null: not a size. */
export function parseSizeBytes(text: string): number | null {
  return parseQuantity(text, sizeUnits, 1);
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>, bare: number): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([A-Za-z]*)$/.exec(text.trim());
  if (!match) return null;
  const [, amount, unit] = match;
  const factor = unit ? units[unit] : bare;
  if (factor === undefined) return null;
  const value = Math.round(Number(amount) * factor);
  return Number.isSafeInteger(value) ? value : null;
}
