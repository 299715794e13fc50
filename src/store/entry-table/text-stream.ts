import type { CellReader, CellWriter } from "./cell-stream.ts";
import type { Slot } from "./slot-pool.ts";

/** Texts that are written and read together, and the characters after which no more are taken. */
const TEXTS_TOGETHER = 4_096;
const UNITS_TOGETHER = 65_536;

/**
 * Texts with their slots, some at a time: how many, all slots, all lengths, then all characters as UTF-16 units, which
 * hold every text as it is.
 */
export async function writeTexts(to: CellWriter, texts: Iterable<readonly [slot: Slot, text: string]>): Promise<void> {
  let batch: (readonly [Slot, string])[] = [];
  let units = 0;
  const writeBatch = async () => {
    const characters = new Uint16Array(units);
    let at = 0;
    for (const [, text] of batch)
      for (let unit = 0; unit < text.length; unit++) characters[at++] = text.charCodeAt(unit);
    await to.write(Uint32Array.of(batch.length));
    await to.write(Uint32Array.from(batch, ([slot]) => slot));
    await to.write(Uint32Array.from(batch, ([, text]) => text.length));
    await to.write(characters);
    batch = [];
    units = 0;
  };
  for (const each of texts) {
    batch.push(each);
    units += each[1].length;
    if (batch.length === TEXTS_TOGETHER || units >= UNITS_TOGETHER) await writeBatch();
  }
  if (batch.length > 0) await writeBatch();
}

/** @throws {RangeError} where less is left */
export async function readTexts(
  from: CellReader,
  count: number,
  onText: (slot: Slot, text: string) => void,
): Promise<void> {
  for (let read = 0, size = 0; read < count; read += size) {
    const together = new Uint32Array(1);
    await from.read(together);
    size = Math.max(together[0] ?? 0, 1);
    const slots = new Uint32Array(size);
    const lengths = new Uint32Array(size);
    await from.read(slots);
    await from.read(lengths);
    const units = lengths.reduce((sum, length) => sum + length, 0);
    const characters = new Uint16Array(units);
    await from.read(characters);
    const bytes = Buffer.from(characters.buffer);
    let at = 0;
    for (const [index, length] of lengths.entries()) {
      onText(slots[index] ?? 0, bytes.toString("utf16le", 2 * at, 2 * (at + length)));
      at += length;
    }
  }
}
