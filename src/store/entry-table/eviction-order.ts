import type { Pace } from "../../base/pace.ts";
import type { CellReader, CellWriter } from "./cell-stream.ts";
import type { Slot } from "./slot-pool.ts";

/** Which entry makes room for others. Implementations are named after their rule. */
export interface EvictionOrder {
  readonly memoryBytes: number;
  add(slot: Slot): void;
  /** The slot was used; its columns already say so. Here and below it must be in the order. */
  touch(slot: Slot): void;
  /** It leaves for any cause but the limit: that says nothing about the others. */
  remove(slot: Slot): void;
  /** It leaves because room was needed. */
  evict(slot: Slot): void;
  /** Who leaves first; it stays in the order. */
  next(): Slot | null;
  /** All slots are below `slots`. */
  writeTo(to: CellWriter, slots: number): Promise<void>;
  /** The order must be empty. */
  readFrom(from: CellReader, pace: Pace): Promise<void>;
  clear(): void;
}
