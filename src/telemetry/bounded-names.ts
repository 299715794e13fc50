/** What names past the bound are counted under. */
export const OTHER_NAME = "other";
/** Longer names are cut: callers may choose them as long as a body. */
const MAX_NAME_CHARS = 128;

/** Names that callers choose, as keys of tables and labels of metrics: the first `limit` as they are, the rest as "other". */
export class BoundedNames {
  readonly #limit: number;
  readonly #names = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  of(name: string): string {
    const short = name.length <= MAX_NAME_CHARS ? name : `${name.slice(0, MAX_NAME_CHARS - 1).toWellFormed()}…`;
    if (short === OTHER_NAME || this.#names.has(short)) return short;
    if (this.#names.size >= this.#limit) return OTHER_NAME;
    this.#names.add(short);
    return short;
  }
}
