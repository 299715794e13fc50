import type { JsonValue } from "../base/json.ts";

/**
 * What must outlive the process beside the entries: verdicts on hits, raised bars. Small (it is all in memory), so reads
 * are immediate. Implementations are siblings; `test/contract/state-store.ts` runs over all of them.
 */
export interface StateStore {
  get(key: string): JsonValue | null;
  /** In the order in which the keys were first put. */
  entries(prefix: string): Iterable<readonly [key: string, value: JsonValue]>;
  /** In effect at once; on disk when {@link flushed} resolves. Never throws: a disk that fails is told to `onFault`. */
  put(key: string, value: JsonValue): void;
  delete(key: string): void;
  /** Resolves when all that was put is kept, or has been told to be lost. */
  flushed(): Promise<void>;
  /**
   * Resolves when nothing that was deleted is in the file any more. Where that fails it is tried again with what is put
   * next, by the next one, and at the close.
   *
   * @throws {SemcacheError} `store-failed`: the file may still hold it
   */
  purge(): Promise<void>;
  close(): Promise<void>;
}

/** Ends with the process. */
export function createMemoryStateStore(): StateStore {
  const values = new Map<string, JsonValue>();
  return {
    get: (key) => values.get(key) ?? null,
    *entries(prefix) {
      for (const entry of values) if (entry[0].startsWith(prefix)) yield entry;
    },
    put: (key, value) => void values.set(key, value),
    delete: (key) => void values.delete(key),
    flushed: () => Promise.resolve(),
    purge: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
