import { LRUCache } from "lru-cache";
import type { MatchCandidate } from "./matcher.ts";

/**
 * What was found out about (candidate, prompt) pairs, until the candidate's entry is gone. Holds at most `max` pairs;
 * overflow drops the one that was not asked for longest.
 */
export class VerdictMemo<T extends object> {
  readonly #verdicts: LRUCache<string, T>;
  readonly #keysOfEntry = new Map<string, Set<string>>();
  readonly #entryOfKey = new Map<string, string>();

  constructor(max: number) {
    this.#verdicts = new LRUCache({ max, dispose: (_, key) => this.#unlink(key) });
  }

  get size(): number {
    return this.#verdicts.size;
  }

  get(candidate: MatchCandidate, prompt: string): T | undefined {
    return this.#verdicts.get(keyOf(candidate, prompt));
  }

  set(candidate: MatchCandidate, prompt: string, verdict: T): void {
    const key = keyOf(candidate, prompt);
    this.#verdicts.set(key, verdict);
    const keys = this.#keysOfEntry.get(candidate.id) ?? new Set();
    this.#keysOfEntry.set(candidate.id, keys.add(key));
    this.#entryOfKey.set(key, candidate.id);
  }

  /** Drops all that is known of an entry: it was removed or replaced. */
  forget(entryId: string): void {
    for (const key of this.#keysOfEntry.get(entryId) ?? []) this.#verdicts.delete(key);
  }

  #unlink(key: string): void {
    const entryId = this.#entryOfKey.get(key);
    if (entryId === undefined) return;
    this.#entryOfKey.delete(key);
    const keys = this.#keysOfEntry.get(entryId);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOfEntry.delete(entryId);
  }
}

/** The candidate's text is part of the key: an entry that was replaced under its id is another one. */
function keyOf({ id, promptText }: MatchCandidate, prompt: string): string {
  return `${id.length}:${id}${promptText.length}:${promptText}${prompt}`;
}
