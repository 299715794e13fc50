import type { EntrySelector } from "../cache-store.ts";
import type { Invalidation } from "../entry-records.ts";
import { isSelected } from "../entry-selector.ts";
import type { EntryFacts } from "../entry-table/entry-table.ts";
import type { BinaryDatabase } from "./lmdb-file.ts";
import { FRAME_END, FRAME_START, openRecord, sealRecord } from "./record-frame.ts";
import { fromKey, toKey } from "./record-key.ts";

/** Under it, what no sequence that was ever given exceeds. */
export const SEQUENCE_KEY = Buffer.from("sequence", "latin1");
const INVALIDATION = "invalidation:";

export function toInvalidationKey(sequence: number): Buffer {
  return Buffer.concat([Buffer.from(INVALIDATION, "latin1"), toKey(sequence)]);
}

const FACT_KIND = "F".charCodeAt(0);

/** The value of a fact, with its checksum; `sequence` is that of its key, 0 for {@link SEQUENCE_KEY}. */
export function encodeFact(sequence: number, text: string): Buffer {
  const content = Buffer.from(text, "utf8");
  const record = Buffer.alloc(FRAME_START + content.length + FRAME_END);
  content.copy(record, FRAME_START);
  sealRecord(record, FACT_KIND, 1, sequence);
  return record;
}

function decodeFact(sequence: number, given: Buffer): string {
  const record = openRecord(given, FACT_KIND, "a fact's", 1, sequence);
  return record.toString("utf8", FRAME_START, record.length - FRAME_END);
}

/** All facts of the store. A damaged invalidation may have selected anything: all that came before it is held to be dead. */
export function readFacts(facts: BinaryDatabase): {
  readonly invalidations: readonly Invalidation[];
  readonly sequence: number;
  readonly damaged: readonly Buffer[];
} {
  const invalidations: Invalidation[] = [];
  const damaged: Buffer[] = [];
  let sequence = 0;
  for (const { key, value } of facts.getRange({})) {
    const isInvalidation = key.length === INVALIDATION.length + 8 && key.toString("latin1").startsWith(INVALIDATION);
    const made = isInvalidation ? fromKey(key.subarray(INVALIDATION.length)) : 0;
    sequence = Math.max(sequence, made);
    try {
      if (key.equals(SEQUENCE_KEY)) sequence = Math.max(sequence, Number(decodeFact(0, value)));
      else if (isInvalidation) {
        invalidations.push({ sequence: made, selector: JSON.parse(decodeFact(made, value)) as EntrySelector });
      } else damaged.push(key);
    } catch {
      damaged.push(key);
      if (isInvalidation) invalidations.push({ sequence: made, selector: { kind: "all" } });
    }
  }
  return { invalidations, sequence, damaged };
}

/** Whether an invalidation that came later selects the entry. */
export function isDead(head: EntryFacts, invalidations: Iterable<Invalidation>): boolean {
  for (const { sequence, selector } of invalidations) {
    if (head.sequence < sequence && isSelected(selector, head)) return true;
  }
  return false;
}
