/** A place in a {@link LinkedList}. */
export interface ListNode<Value> {
  readonly value: Value;
  before: ListNode<Value> | null;
  after: ListNode<Value> | null;
}

/**
 * A doubly linked list: every step takes constant time. A Map in insertion order would do the same until it
 * rehashes: deleting and setting at each hit makes it rebuild itself, which at a million entries stops the event loop
 * for a tenth of a second.
 */
export class LinkedList<Value> {
  #first: ListNode<Value> | null = null;
  #last: ListNode<Value> | null = null;

  get first(): ListNode<Value> | null {
    return this.#first;
  }

  get last(): ListNode<Value> | null {
    return this.#last;
  }

  append(value: Value): ListNode<Value> {
    const node: ListNode<Value> = { value, before: null, after: null };
    this.#link(node);
    return node;
  }

  /** `node` must be in this list. */
  moveToEnd(node: ListNode<Value>): void {
    if (node === this.#last) return;
    this.remove(node);
    this.#link(node);
  }

  /** `node` must be in this list. */
  remove(node: ListNode<Value>): void {
    if (node.before === null) this.#first = node.after;
    else node.before.after = node.after;
    if (node.after === null) this.#last = node.before;
    else node.after.before = node.before;
    node.before = null;
    node.after = null;
  }

  clear(): void {
    this.#first = null;
    this.#last = null;
  }

  #link(node: ListNode<Value>): void {
    node.before = this.#last;
    if (this.#last === null) this.#first = node;
    else this.#last.after = node;
    this.#last = node;
  }
}
