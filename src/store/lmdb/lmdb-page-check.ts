// One honest algorithm: what LMDB takes for granted of a page's inside, in the order of the bytes.
import {
  BRANCH,
  HEADER_BYTES,
  LEAF,
  LmdbDamage,
  maxKeyBytes,
  maxNodeBytes,
  NODE_BYTES,
  ON_OVERFLOW,
  OVERFLOW_PLACE_BYTES,
  readWord,
  SUB_TREE,
  TREE_BYTES,
} from "./lmdb-format.ts";
import type { PageView } from "./lmdb-page-reader.ts";

/** A key where it lies. */
export interface KeyPlace {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export interface PageExpectation {
  readonly page: number;
  readonly kind: "branch" | "leaf";
  readonly keys: "transactions" | "bytes";
  readonly subTrees: boolean;
  /** Keys are not below the one and below the other, where there is one. */
  readonly low: KeyPlace | null;
  readonly high: KeyPlace | null;
}

/** Checks pages of one file, one after the other. */
export class LmdbPageCheck {
  readonly #room: number;
  readonly #maxKeyBytes: number;
  readonly #maxNodeBytes: number;
  readonly #lastTransaction: number;
  /** Of the page at hand, by place: the size of the node that begins there. All zero between two pages. */
  readonly #sizes: Uint16Array;

  constructor(pageSize: number, lastTransaction: number) {
    this.#room = pageSize - HEADER_BYTES;
    this.#maxKeyBytes = maxKeyBytes(pageSize);
    this.#maxNodeBytes = maxNodeBytes(pageSize);
    this.#lastTransaction = lastTransaction;
    this.#sizes = new Uint16Array(pageSize / 2);
  }

  /** @throws {LmdbDamage} unless the header is that of this page, of a committed transaction, with these flags alone. */
  header(view: PageView, start: number, page: number, flags: number): void {
    const { halves } = view;
    const at = start / 2;
    if (readWord(halves, at) !== page) throw new LmdbDamage(`page ${page} says it is page ${readWord(halves, at)}`);
    if (halves[at + 9] !== flags) throw new LmdbDamage(`page ${page} has flags ${halves[at + 9]}, not ${flags}`);
    const transaction = readWord(halves, at + 4);
    // LMDB takes a page of a later transaction for one in its own memory, and writes to it.
    if (transaction > this.#lastTransaction) throw new LmdbDamage(`page ${page} is of transaction ${transaction}`);
  }

  /**
   * Everything inside a branch or leaf page. Returns the number of its nodes.
   *
   * @throws {LmdbDamage}
   */
  nodes(view: PageView, start: number, expected: PageExpectation): number {
    const { page, kind } = expected;
    const leaf = kind === "leaf";
    this.header(view, start, page, leaf ? LEAF : BRANCH);
    const { halves } = view;
    const lower = halves[start / 2 + 10] ?? 0;
    const upper = halves[start / 2 + 11] ?? 0;
    const room = this.#room;
    if (lower % 2 !== 0 || upper % 2 !== 0 || lower > upper || upper > room) {
      throw new LmdbDamage(`page ${page} has its bounds at ${lower} and ${upper}`);
    }
    const count = lower / 2;
    // LMDB never leaves less, and asserts it when it searches. In the free tree it tolerates a branch of one.
    const least = leaf || expected.keys === "transactions" ? 1 : 2;
    if (count < least) throw new LmdbDamage(`page ${page} has ${count} nodes`);
    const sizes = this.#sizes;
    for (let index = 0; index < count; index++) {
      const place = halves[nodePointer(start, index)] ?? 0;
      if (place % 2 !== 0 || place < upper || place + NODE_BYTES > room) {
        throw new LmdbDamage(`page ${page} has a node at ${place}`);
      }
      const size = this.#nodeSize(halves, (start + HEADER_BYTES + place) / 2, index, expected);
      if (place + size > room) throw new LmdbDamage(`page ${page} has a node that reaches beyond it`);
      sizes[place / 2] = size;
    }
    // LMDB closes gaps by moving memory: nodes must neither overlap nor leave anything between them.
    let found = 0;
    for (let place = upper; place < room; found++) {
      const size = sizes[place / 2] ?? 0;
      if (size === 0) throw new LmdbDamage(`page ${page} has no node at ${place}`);
      sizes[place / 2] = 0;
      place += size;
    }
    if (found !== count) throw new LmdbDamage(`page ${page} has ${found} nodes in ${count} places`);
    this.#order(view, start, count, expected);
    return count;
  }

  #nodeSize(halves: Uint16Array, node: number, index: number, expected: PageExpectation): number {
    const { page, kind, keys } = expected;
    const keyBytes = halves[node + 3] ?? 0;
    const nameless = kind === "branch" && index === 0;
    if (keyBytes > this.#maxKeyBytes || (keyBytes === 0 && !nameless)) {
      throw new LmdbDamage(`page ${page} has a key of ${keyBytes} bytes`);
    }
    if (keys === "transactions" && keyBytes !== 8 && !nameless) {
      throw new LmdbDamage(`page ${page} has a transaction of ${keyBytes} bytes`);
    }
    let size = NODE_BYTES + keyBytes;
    if (kind === "leaf") {
      const flags = halves[node + 2] ?? 0;
      const valueBytes = (halves[node] ?? 0) + (halves[node + 1] ?? 0) * 0x1_0000;
      if (flags === ON_OVERFLOW) {
        size += OVERFLOW_PLACE_BYTES;
      } else if (flags === 0) {
        size += valueBytes;
      } else if (flags === SUB_TREE && expected.subTrees && valueBytes === TREE_BYTES) {
        size += TREE_BYTES;
      } else {
        throw new LmdbDamage(`page ${page} has a node with flags ${flags}`);
      }
    }
    size += size % 2;
    if (size > this.#maxNodeBytes) throw new LmdbDamage(`page ${page} has a node of ${size} bytes`);
    return size;
  }

  #order(view: PageView, start: number, count: number, expected: PageExpectation): void {
    const { bytes, halves } = view;
    const { page, kind, low, high } = expected;
    const leaf = kind === "leaf";
    const compare = expected.keys === "transactions" ? compareTransactions : compareBytes;
    // Numbers, not key places: this runs for every entry of the file.
    let before = low === null ? null : low.bytes;
    let beforeStart = low === null ? 0 : low.start;
    let beforeEnd = low === null ? 0 : low.end;
    for (let index = leaf ? 0 : 1; index < count; index++) {
      const node = start + HEADER_BYTES + (halves[nodePointer(start, index)] ?? 0);
      const keyStart = node + NODE_BYTES;
      const keyEnd = keyStart + (halves[node / 2 + 3] ?? 0);
      if (before !== null) {
        const order = compare(before, beforeStart, beforeEnd, bytes, keyStart, keyEnd);
        // A leaf's first key may equal the branch's key that leads to it.
        if (order > 0 || (order === 0 && !(leaf && index === 0))) {
          throw new LmdbDamage(`page ${page} has its keys out of order`);
        }
      }
      before = bytes;
      beforeStart = keyStart;
      beforeEnd = keyEnd;
    }
    if (before === bytes && high !== null) {
      if (compare(before, beforeStart, beforeEnd, high.bytes, high.start, high.end) >= 0) {
        throw new LmdbDamage(`page ${page} has keys of the page after it`);
      }
    }
  }
}

/** Where the place of a node is, in units of two bytes. */
function nodePointer(start: number, index: number): number {
  return (start + HEADER_BYTES) / 2 + index;
}

/** Where the node begins, in units of two bytes. */
export function nodeAt(view: PageView, start: number, index: number): number {
  return (start + HEADER_BYTES + (view.halves[nodePointer(start, index)] ?? 0)) / 2;
}

export function keyAt(view: PageView, start: number, index: number): KeyPlace {
  const node = nodeAt(view, start, index);
  const keyStart = node * 2 + NODE_BYTES;
  return { bytes: view.bytes, start: keyStart, end: keyStart + (view.halves[node + 3] ?? 0) };
}

type Compare = (
  left: Uint8Array,
  leftStart: number,
  leftEnd: number,
  right: Uint8Array,
  rightStart: number,
  rightEnd: number,
) => number;

/** As memcmp, the shorter of two equal beginnings first. */
const compareBytes: Compare = (left, leftStart, leftEnd, right, rightStart, rightEnd) => {
  const length = Math.min(leftEnd - leftStart, rightEnd - rightStart);
  for (let at = 0; at < length; at++) {
    const difference = (left[leftStart + at] ?? 0) - (right[rightStart + at] ?? 0);
    if (difference !== 0) return difference;
  }
  return leftEnd - leftStart - (rightEnd - rightStart);
};

const compareTransactions: Compare = (left, start, end, right, rightStart, rightEnd) =>
  readTransaction({ bytes: left, start, end }) - readTransaction({ bytes: right, start: rightStart, end: rightEnd });

export function readTransaction(key: KeyPlace): number {
  // The memory of a view begins at 0, and nodes lie at even places.
  return readWord(new Uint16Array(key.bytes.buffer), key.start / 2);
}
