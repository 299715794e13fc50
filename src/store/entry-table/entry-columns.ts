import type { ExactKey, PartitionKey, TenantId } from "../../model/keys.ts";
import type { Pace } from "../../base/pace.ts";
import type { CellReader, CellWriter } from "./cell-stream.ts";
import { Column, createFloat64Column, createUint32Column, NONE } from "./column.ts";
import { InternedNames } from "./interned-names.ts";
import type { Slot } from "./slot-pool.ts";
import type { TableLayout } from "./table-layout.ts";
import { TextIndex } from "./text-index.ts";
import { digestPacking, uuidPacking } from "./text-packing.ts";

/** Counts beyond stay as they are. */
const MOST_HITS = 0xffff_ffff;

/** What is kept in memory of each entry, whatever keeps the entry itself. */
export interface EntryFacts {
  /** Unique for ever, only grows, up to 2^53: the order of arrival. */
  readonly sequence: number;
  readonly id: string;
  /** Only 64 bits of its hash are kept. */
  readonly exactKey: ExactKey;
  readonly partition: PartitionKey;
  readonly tenant: TenantId;
  readonly namespace: string;
  readonly model: string | null;
  readonly tags: readonly string[];
  /** Null: the entry has no vector. */
  readonly embedderId: string | null;
  readonly createdAtMs: number;
  /** May be infinite. */
  readonly expiresAtMs: number;
  readonly lastUsedAtMs: number;
  readonly hits: number;
  /** What the entry costs, counted against the limit. */
  readonly bytes: number;
  /** What one hit saves, in any unit that is the same for all entries; at least 0. */
  readonly worth: number;
}

/** {@link EntryFacts} in columns, by slot, without the exact key. Names are numbers that entries share. */
export class EntryColumns {
  readonly ids: TextIndex;
  readonly partitions: InternedNames;
  readonly tenants: InternedNames;
  readonly namespaces: InternedNames;
  readonly models: InternedNames;
  /** Whole lists, as JSON. */
  readonly tagLists: InternedNames;
  readonly embedders: InternedNames;

  /** Negative where no entry is. */
  readonly sequence: Column;
  readonly partition: Column;
  readonly tenant: Column;
  readonly namespace: Column;
  /** {@link NONE} for null. */
  readonly model: Column;
  /** {@link NONE} for no tags. */
  readonly tagList: Column;
  /** {@link NONE} for null. */
  readonly embedder: Column;
  readonly createdAtMs: Column;
  readonly expiresAtMs: Column;
  readonly lastUsedAtMs: Column;
  readonly hits: Column;
  readonly bytes: Column;
  readonly worth: Column;
  /** By the partition's number, not by slot. */
  readonly vectors: Column;

  constructor(layout: TableLayout) {
    this.ids = new TextIndex(uuidPacking, layout);
    this.partitions = new InternedNames(digestPacking, layout);
    this.tenants = new InternedNames(digestPacking, layout);
    this.namespaces = new InternedNames(null, layout);
    this.models = new InternedNames(null, layout);
    this.tagLists = new InternedNames(null, layout);
    this.embedders = new InternedNames(null, layout);
    this.sequence = createFloat64Column(layout);
    this.partition = createUint32Column(layout);
    this.tenant = createUint32Column(layout);
    this.namespace = createUint32Column(layout);
    this.model = createUint32Column(layout);
    this.tagList = createUint32Column(layout);
    this.embedder = createUint32Column(layout);
    this.createdAtMs = createFloat64Column(layout);
    this.expiresAtMs = createFloat64Column(layout);
    this.lastUsedAtMs = createFloat64Column(layout);
    this.hits = createUint32Column(layout);
    this.bytes = createFloat64Column(layout);
    this.worth = createFloat64Column(layout);
    this.vectors = createUint32Column(layout);
  }

  get memoryBytes(): number {
    return this.#parts.reduce((bytes, part) => bytes + part.memoryBytes, 0);
  }

  /** The slot must be empty. */
  write(slot: Slot, facts: Omit<EntryFacts, "exactKey">): void {
    const { model, tags, embedderId } = facts;
    this.ids.set(slot, facts.id);
    this.sequence.set(slot, facts.sequence);
    const partition = this.partitions.use(facts.partition);
    this.partition.set(slot, partition);
    this.tenant.set(slot, this.tenants.use(facts.tenant));
    this.namespace.set(slot, this.namespaces.use(facts.namespace));
    this.model.set(slot, model === null ? NONE : this.models.use(model));
    this.tagList.set(slot, tags.length === 0 ? NONE : this.tagLists.use(JSON.stringify(tags)));
    this.embedder.set(slot, embedderId === null ? NONE : this.embedders.use(embedderId));
    this.createdAtMs.set(slot, facts.createdAtMs);
    this.expiresAtMs.set(slot, facts.expiresAtMs);
    this.lastUsedAtMs.set(slot, facts.lastUsedAtMs);
    this.hits.set(slot, Math.min(facts.hits, MOST_HITS));
    this.bytes.set(slot, facts.bytes);
    this.worth.set(slot, facts.worth);
    const vectors = this.partitions.uses(partition) === 1 ? 0 : this.vectors.get(partition);
    this.vectors.set(partition, vectors + (embedderId === null ? 0 : 1));
  }

  read(slot: Slot): Omit<EntryFacts, "exactKey"> {
    const tagList = this.tagList.get(slot);
    return {
      sequence: this.sequence.get(slot),
      id: this.ids.get(slot),
      partition: this.partitions.name(this.partition.get(slot)) as PartitionKey,
      tenant: this.tenants.name(this.tenant.get(slot)) as TenantId,
      namespace: this.namespaces.name(this.namespace.get(slot)),
      model: nameOrNull(this.models, this.model.get(slot)),
      tags: tagList === NONE ? [] : this.tagsOf(tagList),
      embedderId: nameOrNull(this.embedders, this.embedder.get(slot)),
      createdAtMs: this.createdAtMs.get(slot),
      expiresAtMs: this.expiresAtMs.get(slot),
      lastUsedAtMs: this.lastUsedAtMs.get(slot),
      hits: this.hits.get(slot),
      bytes: this.bytes.get(slot),
      worth: this.worth.get(slot),
    };
  }

  erase(slot: Slot): void {
    const partition = this.partition.get(slot);
    if (this.embedder.get(slot) !== NONE) this.vectors.set(partition, this.vectors.get(partition) - 1);
    this.ids.delete(slot);
    this.partitions.release(partition);
    this.tenants.release(this.tenant.get(slot));
    this.namespaces.release(this.namespace.get(slot));
    for (const [names, number] of [
      [this.models, this.model.get(slot)],
      [this.tagLists, this.tagList.get(slot)],
      [this.embedders, this.embedder.get(slot)],
    ] as const) {
      if (number !== NONE) names.release(number);
    }
    this.sequence.set(slot, -1);
  }

  countUse(slot: Slot, nowMs: number): void {
    this.hits.set(slot, Math.min(this.hits.get(slot) + 1, MOST_HITS));
    this.lastUsedAtMs.set(slot, Math.max(this.lastUsedAtMs.get(slot), nowMs));
  }

  /** The tags of a list in {@link tagLists}. */
  tagsOf(tagList: number): readonly string[] {
    return JSON.parse(this.tagLists.name(tagList)) as readonly string[];
  }

  /** All entries are in slots below `slots`. */
  async writeTo(to: CellWriter, slots: number): Promise<void> {
    for (const column of this.#bySlot) await column.writeTo(to, slots);
    for (const names of this.#names) await names.writeTo(to);
    await this.vectors.writeTo(to, this.partitions.limit);
    await this.ids.writeTo(to, slots);
  }

  /** The columns must be empty. */
  async readFrom(from: CellReader, pace: Pace, slots: number): Promise<void> {
    for (const column of this.#bySlot) await column.readFrom(from);
    for (const names of this.#names) await names.readFrom(from, pace);
    await this.vectors.readFrom(from);
    await this.ids.readFrom(from, pace, slots, (slot) => this.sequence.get(slot) >= 0);
  }

  clear(): void {
    for (const part of this.#parts) part.clear();
  }

  get #bySlot(): readonly Column[] {
    const { vectors: _byPartition, ...parts } = this;
    return Object.values(parts).filter((part) => part instanceof Column);
  }

  get #names(): readonly InternedNames[] {
    return Object.values(this).filter((part) => part instanceof InternedNames);
  }

  get #parts(): readonly (Column | InternedNames | TextIndex)[] {
    return Object.values(this);
  }
}

function nameOrNull(names: InternedNames, number: number): string | null {
  return number === NONE ? null : names.name(number);
}
