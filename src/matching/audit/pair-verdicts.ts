import { isJsonObject, type JsonValue } from "../../base/json.ts";
import type { StateStore } from "../../store/state-store.ts";

/** A pair by digests: its partition, the entry that answered, both prompts. */
export interface PairOfPrompts {
  readonly partition: string;
  readonly entry: string;
  readonly pair: string;
}

export interface WrongVerdict {
  readonly by: "audit" | "feedback";
  readonly atMs: number;
}

export interface PairVerdictsOptions {
  readonly state: StateStore;
  readonly max: number;
  /** Told when a partition was closed, and for how many pairs. */
  readonly onClosed: (partition: string, pairs: number) => void;
}

const PREFIX = "pair/";
const CLOSED = "closed/";

/**
 * The pairs of prompts that were called wrong, and how often each entry was. Holds at most `max` pairs; overflow closes
 * the partition that has most of them, of equals the newest: nothing in it is answered by meaning any more, which is
 * stricter than what its pairs said one by one, so they can go. One short key is left of each closed partition.
 */
export class PairVerdicts {
  readonly #state: StateStore;
  readonly #max: number;
  readonly #onClosed: PairVerdictsOptions["onClosed"];
  readonly #wrongOfEntry = new Map<string, number>();
  readonly #keysOfPartition = new Map<string, Set<string>>();
  #size = 0;
  #closed = 0;

  constructor({ state, max, onClosed }: PairVerdictsOptions) {
    this.#state = state;
    this.#max = max;
    this.#onClosed = onClosed;
    for (const _ of state.entries(CLOSED)) this.#closed++;
    for (const [key, value] of state.entries(PREFIX)) {
      if (!isWrong(value)) continue;
      // What a crash has left of a partition that was being closed.
      if (this.isClosed(toText(value, "partition"))) state.delete(key);
      else this.#add(key, value);
    }
  }

  /** How many pairs are barred one by one. */
  get barred(): number {
    return this.#size;
  }

  /** How many partitions are closed. */
  get closed(): number {
    return this.#closed;
  }

  isClosed(partition: string): boolean {
    return this.#state.get(CLOSED + partition) !== null;
  }

  has(pair: string): boolean {
    return isWrong(this.#state.get(PREFIX + pair));
  }

  /** How many wrong hits this entry has made, each pair counted once. */
  ofEntry(entry: string): number {
    return this.#wrongOfEntry.get(entry) ?? 0;
  }

  /** What was called wrong stays so, until {@link unbar} takes back this very pair. */
  bar({ partition, entry, pair }: PairOfPrompts, { by, atMs }: WrongVerdict): void {
    if (this.isClosed(partition) || this.has(pair)) return;
    const [key, value] = [PREFIX + pair, { verdict: "wrong", by, atMs, entry, partition }];
    this.#state.put(key, value);
    this.#add(key, value);
    if (this.#size > this.#max) this.#close(this.#largest(), atMs);
  }

  /** False: it was not barred, or its partition is closed, which stays so. */
  unbar({ partition, entry, pair }: PairOfPrompts): boolean {
    if (!this.has(pair)) return false;
    const key = PREFIX + pair;
    // Barred as the hit of either prompt: what was counted then is what is taken back.
    this.#forgive(toText(this.#state.get(key), "entry") || entry);
    this.#state.delete(key);
    this.#size--;
    const keys = this.#keysOfPartition.get(partition);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOfPartition.delete(partition);
    return true;
  }

  #forgive(entry: string): void {
    const left = this.ofEntry(entry) - 1;
    if (left > 0) this.#wrongOfEntry.set(entry, left);
    else this.#wrongOfEntry.delete(entry);
  }

  #largest(): string {
    let found = "";
    let most = 0;
    for (const [partition, { size }] of this.#keysOfPartition) if (size >= most) [found, most] = [partition, size];
    return found;
  }

  #close(partition: string, atMs: number): void {
    const keys = this.#keysOfPartition.get(partition) ?? new Set();
    // First this, then the pairs: a crash between them loosens nothing.
    this.#state.put(CLOSED + partition, { pairs: keys.size, atMs });
    for (const key of keys) {
      this.#forgive(toText(this.#state.get(key), "entry"));
      this.#state.delete(key);
    }
    this.#closed++;
    this.#size -= keys.size;
    this.#keysOfPartition.delete(partition);
    this.#onClosed(partition, keys.size);
  }

  #add(key: string, value: JsonValue): void {
    this.#size++;
    const partition = toText(value, "partition");
    const keys = this.#keysOfPartition.get(partition) ?? new Set();
    this.#keysOfPartition.set(partition, keys.add(key));
    const entry = toText(value, "entry");
    if (entry !== "") this.#wrongOfEntry.set(entry, this.ofEntry(entry) + 1);
  }
}

function isWrong(value: JsonValue | null): boolean {
  return isJsonObject(value) && value["verdict"] === "wrong";
}

/** What is on disk may have been edited by hand. */
function toText(value: JsonValue | null, name: string): string {
  const text = isJsonObject(value) ? value[name] : null;
  return typeof text === "string" ? text : "";
}
