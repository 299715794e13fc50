/** Slots that a step goes through before a look at the clock. */
export const SLOTS_PER_UNIT = 256;

/** How the parts of an entry table are cut up. Powers of two. */
export interface TableLayout {
  /** A column grows by this many cells at a time and is never copied: that would stop the event loop. */
  readonly chunkCells: number;
  /** A hash index grows one shard at a time, for the same reason. */
  readonly shards: number;
  /** The list in arrival order is cut into blocks of at most this many slots. */
  readonly blockSlots: number;
}

/** For millions of entries: the longest copy is that of one shard, some thousand cells. */
export const tableLayout: TableLayout = { chunkCells: 65_536, shards: 1_024, blockSlots: 512 };
