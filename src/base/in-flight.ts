const FEWEST_PLACES = 64;

/**
 * What is under way, by its number. Numbers are given in growing order and are soon done with, so those that are there at
 * one time lie close together, and a number says its place in a ring.
 *
 * Not a `Map`: what comes and goes makes a Map outgrow one table after the other, and V8 links each to the next (for
 * iterators). As soon as one of them is old, whatever was under way when a later one was outgrown outlives the collections
 * of young objects, dead or not, until the old ones are collected (nepotism; docs/decisions/2026-11-23-nepotism.md).
 */
export class InFlight<T> {
  #places: (Place<T> | undefined)[] = emptyPlaces(FEWEST_PLACES);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(number: number): T | undefined {
    return this.#find(number)?.value;
  }

  has(number: number): boolean {
    return this.#find(number) !== undefined;
  }

  set(number: number, value: T): void {
    const place = { number, value };
    if (!this.has(number)) this.#size++;
    if (put(this.#places, place)) return;
    const all = [...this.#places, place].filter((each) => each !== undefined);
    do this.#places = emptyPlaces(this.#places.length * 2);
    while (!all.every((each) => put(this.#places, each)));
  }

  delete(number: number): boolean {
    if (!this.has(number)) return false;
    this.#places[number % this.#places.length] = undefined;
    this.#size--;
    if (this.#size === 0 && this.#places.length > FEWEST_PLACES) this.#places = emptyPlaces(FEWEST_PLACES);
    return true;
  }

  /** In no order. */
  values(): T[] {
    return this.#places.flatMap((place) => (place === undefined ? [] : [place.value]));
  }

  clear(): void {
    this.#places = emptyPlaces(FEWEST_PLACES);
    this.#size = 0;
  }

  #find(number: number): Place<T> | undefined {
    const place = this.#places[number % this.#places.length];
    return place?.number === number ? place : undefined;
  }
}

interface Place<T> {
  readonly number: number;
  readonly value: T;
}

function emptyPlaces<T>(length: number): (Place<T> | undefined)[] {
  return Array.from({ length });
}

/** Whether the place was free, or had the same number. */
function put<T>(places: (Place<T> | undefined)[], place: Place<T>): boolean {
  const at = place.number % places.length;
  const there = places[at];
  if (there !== undefined && there.number !== place.number) return false;
  places[at] = place;
  return true;
}
