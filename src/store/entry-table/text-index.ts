import type { Pace } from "../../base/pace.ts";
import { readNumbers, type CellReader, type CellWriter } from "./cell-stream.ts";
import { type Column, createUint32Column } from "./column.ts";
import { HashIndex } from "./hash-index.ts";
import { finishHash, hashText, mixWord } from "./hash-text.ts";
import type { Slot } from "./slot-pool.ts";
import { SLOTS_PER_UNIT, type TableLayout } from "./table-layout.ts";
import { readTexts, writeTexts } from "./text-stream.ts";
import type { TextPacking } from "./text-packing.ts";

const PAGE_SLOTS = 1_024;
/** A V8 string's header and its pointer in the page; most texts have one byte for each unit. */
const STRING_BYTES = 24;

type Page = (string | undefined)[];

/** A text for each slot, to be read by slot and found by text. Texts of the packing's shape take no string. */
export class TextIndex {
  readonly #packing: TextPacking | null;
  /** The text that was packed or is to be unpacked. */
  readonly #scratch: Uint32Array;
  /** The text that was packed: whoever looks for one and finds none sets it next. */
  #packed: string | null = null;
  readonly #words: Column;
  readonly #index: HashIndex;
  /** Texts of any other shape. */
  #pages: Page[] = [];
  #strings = 0;
  #stringBytes = 0;

  constructor(packing: TextPacking | null, layout: TableLayout) {
    this.#packing = packing;
    this.#scratch = new Uint32Array(packing?.words ?? 0);
    this.#words = createUint32Column(layout);
    this.#index = new HashIndex(layout);
  }

  get memoryBytes(): number {
    return this.#index.memoryBytes + this.#words.memoryBytes + this.#stringBytes;
  }

  find(text: string): Slot | null {
    if (this.#pack(text)) return this.#index.find(this.#hashOfScratch(), (slot) => this.#isScratch(slot));
    if (this.#strings === 0) return null;
    return this.#index.find(hashText(text, 0), (slot) => this.#string(slot) === text);
  }

  get(slot: Slot): string {
    const string = this.#string(slot);
    if (string !== undefined) return string;
    const words = this.#scratch;
    this.#packed = null;
    for (let word = 0; word < words.length; word++) words[word] = this.#words.get(slot * words.length + word);
    return (this.#packing as TextPacking).unpack(words);
  }

  /** About so many texts are about to come. */
  expect(texts: number): void {
    this.#index.expect(texts);
  }

  /** The slot must be empty. */
  set(slot: Slot, text: string): void {
    if (this.#pack(text)) {
      const words = this.#scratch;
      for (let word = 0; word < words.length; word++)
        this.#words.set(slot * words.length + word, words[word] as number);
      this.#index.add(this.#hashOfScratch(), slot);
    } else {
      this.#setString(slot, text);
      this.#index.add(hashText(text, 0), slot);
    }
  }

  /** The slot must have a text. */
  delete(slot: Slot): void {
    this.#index.remove(this.#hashOf(slot), slot);
    const string = this.#string(slot);
    if (string === undefined) return;
    this.#strings--;
    this.#stringBytes -= STRING_BYTES + string.length;
    (this.#pages[Math.floor(slot / PAGE_SLOTS)] as Page)[slot % PAGE_SLOTS] = undefined;
  }

  /** All slots are below `slots`. */
  async writeTo(to: CellWriter, slots: number): Promise<void> {
    await this.#words.writeTo(to, slots * this.#scratch.length);
    await to.write(Float64Array.of(this.#strings));
    await writeTexts(to, this.#allStrings());
  }

  /** The index must be empty. All slots are below `slots`. */
  async readFrom(from: CellReader, pace: Pace, slots: number, hasText: (slot: Slot) => boolean): Promise<void> {
    await this.#words.readFrom(from);
    const [strings = 0] = await readNumbers(from, 1);
    await readTexts(from, strings, (slot, text) => this.#setString(slot, text));
    this.#index.expect(slots);
    for (let slot = 0; slot < slots; slot++) {
      if (slot % SLOTS_PER_UNIT === 0 && pace.isDue) await pace.rest();
      if (hasText(slot)) this.#index.add(this.#hashOf(slot), slot);
    }
  }

  clear(): void {
    this.#words.clear();
    this.#index.clear();
    this.#pages = [];
    this.#strings = 0;
    this.#stringBytes = 0;
  }

  #setString(slot: Slot, text: string): void {
    this.#strings++;
    this.#stringBytes += STRING_BYTES + text.length;
    const place = Math.floor(slot / PAGE_SLOTS);
    while (place >= this.#pages.length) this.#pages.push([]);
    const page = this.#pages[place] as Page;
    if (page.length === 0) page.push(...Array.from<undefined>({ length: PAGE_SLOTS }));
    page[slot % PAGE_SLOTS] = text;
  }

  *#allStrings(): Generator<readonly [slot: Slot, text: string]> {
    for (const [place, page] of this.#pages.entries()) {
      for (const [at, text] of page.entries()) {
        if (text !== undefined) yield [place * PAGE_SLOTS + at, text];
      }
    }
  }

  #string(slot: Slot): string | undefined {
    return this.#strings === 0 ? undefined : this.#pages[Math.floor(slot / PAGE_SLOTS)]?.[slot % PAGE_SLOTS];
  }

  #pack(text: string): boolean {
    if (text === this.#packed) return true;
    const isPacked = this.#packing?.pack(text, this.#scratch) ?? false;
    this.#packed = isPacked ? text : null;
    return isPacked;
  }

  /** Computed each time: keeping it would take another column, and it is needed only where one leaves. */
  #hashOf(slot: Slot): number {
    const string = this.#string(slot);
    if (string !== undefined) return hashText(string, 0);
    const { length } = this.#scratch;
    let hash = 0;
    for (let word = 0; word < length; word++) hash = mixWord(hash, this.#words.get(slot * length + word));
    return finishHash(hash);
  }

  #hashOfScratch(): number {
    const words = this.#scratch;
    let hash = 0;
    for (let word = 0; word < words.length; word++) hash = mixWord(hash, words[word] as number);
    return finishHash(hash);
  }

  /** A slot with a string has whatever words stood there before: it is not the text that was packed. */
  #isScratch(slot: Slot): boolean {
    if (this.#string(slot) !== undefined) return false;
    const words = this.#scratch;
    for (let word = 0; word < words.length; word++) {
      if (this.#words.get(slot * words.length + word) !== words[word]) return false;
    }
    return true;
  }
}
