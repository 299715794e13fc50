import type { EntrySelector } from "./cache-store.ts";
import { isSelected, type Selectable } from "./entry-selector.ts";

/** More than are made while one answer is under way. */
const MAX_REMEMBERED = 1_000;

/**
 * The invalidations of late, each with its generation: an answer whose request began before one that selects it must not
 * land, and one that no invalidation selects must not be lost to those that others make.
 */
export class RecentInvalidations {
  readonly #selectors: EntrySelector[] = [];
  /** Of the newest. */
  #generation = 0;

  get generation(): number {
    return this.#generation;
  }

  add(selector: EntrySelector): void {
    this.#generation++;
    this.#selectors.push(selector);
    if (this.#selectors.length > MAX_REMEMBERED) this.#selectors.shift();
  }

  /** Also true where it is no longer known: a generation older than what is remembered, or of another process. */
  overtakes(entry: Selectable, generation: number): boolean {
    const later = this.#generation - generation;
    if (later === 0) return false;
    if (later < 0 || later > this.#selectors.length) return true;
    return this.#selectors.slice(-later).some((selector) => isSelected(selector, entry));
  }
}
