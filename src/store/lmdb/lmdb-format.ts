/**
 * The file format of LMDB as the package lmdb 3 compiles it (data version 2: every page carries the number of the
 * transaction that wrote it). Source: `MDB_page_header`, `MDB_node`, `MDB_db`, `MDB_meta`, `MDB_ovpage` and
 * `mdb_freelist_save` in its liblmdb/mdb.c. All numbers are in the byte order of the machine.
 *
 *     page     u64 page number, u64 transaction, u16 pad, u16 flags, then
 *                branch, leaf: u16 lower = 2 * number of nodes, u16 upper = where the nodes begin, u16 place of each node
 *                  in the order of the keys. Places count from the end of these 24 bytes; nodes are packed from upper to
 *                  the page's end, in any order, each of an even size.
 *                overflow: u32 pages that it covers; the value follows the 24 bytes
 *     node     branch: u48 page number of the child, u16 key size, key (that of the first node means nothing)
 *              leaf: u32 value size, u16 flags, u16 key size, key, then the value, or its place on overflow pages
 *                (u64 first page, u64 transaction, u64 pages)
 *     tree     u32 pad, u16 flags, u16 depth, u64 branch pages, u64 leaf pages, u64 overflow pages, u64 entries, u64 root
 *     meta     pages 0 and 1, written in turns. After the 24 bytes: u32 magic, u32 version, u64 address, u64 map size, the
 *                free tree (its pad is the page size), the main tree, u64 last page, u64 transaction
 *     free     tree of u64 transaction -> u64 number of words, then words: 0 is nothing, a positive one is a free page, a
 *                negative one, -n, says that n free pages begin at the next word
 *     main     tree of names -> trees
 */
export const HEADER_BYTES = 24;
export const TREE_BYTES = 48;
export const META_BYTES = HEADER_BYTES + 24 + 2 * TREE_BYTES + 16;
export const META_PAGES = 2;
export const MAGIC = 0xbeefc0de;
export const DATA_VERSION = 2;

export const BRANCH = 0x01;
export const LEAF = 0x02;
export const OVERFLOW = 0x04;
export const META = 0x08;

export const NODE_BYTES = 8;
export const OVERFLOW_PLACE_BYTES = 24;
/** Flags of a leaf's node. */
export const ON_OVERFLOW = 0x01;
export const SUB_TREE = 0x02;

/** Flags of the free tree: integer keys always, and what the environment was opened with. */
export const FREE_TREE_FLAG = 0x08;
export const ENVIRONMENT_FLAGS = 0x5c00;

/** More levels than this fit into no address space; LMDB's own stack ends at 32. */
export const MAX_DEPTH = 24;

/** Damage that was found: ends the check. */
export class LmdbDamage extends Error {}

/** Larger nodes go to overflow pages (`me_nodemax`). */
export function maxNodeBytes(pageSize: number): number {
  return (((pageSize - HEADER_BYTES) / 2) & -2) - 2;
}

/** `me_maxkey`. */
export function maxKeyBytes(pageSize: number): number {
  return maxNodeBytes(pageSize) - NODE_BYTES - TREE_BYTES;
}

/** One B+ tree as its descriptor has it. */
export interface LmdbTree {
  readonly name: string;
  readonly keys: "transactions" | "bytes";
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Null: the tree is empty. */
  readonly root: number | null;
}

export interface LmdbMeta {
  readonly flags: number;
  readonly magic: number;
  readonly version: number;
  readonly pageSize: number;
  readonly free: LmdbTree;
  readonly main: LmdbTree;
  readonly lastPage: number;
  readonly transaction: number;
}

/** An u64 at an even place, given in units of two bytes. Not exact above 2^53, where everything is out of range. */
export function readWord(halves: Uint16Array, at: number): number {
  return (
    (halves[at] ?? 0) +
    (halves[at + 1] ?? 0) * 0x1_0000 +
    (halves[at + 2] ?? 0) * 0x1_0000_0000 +
    (halves[at + 3] ?? 0) * 0x1_0000_0000_0000
  );
}

const NO_PAGE = 2 ** 64 - 1;

/** At an even place, in units of two bytes. */
export function readTree(halves: Uint16Array, at: number, name: string, keys: LmdbTree["keys"]): LmdbTree {
  const root = readWord(halves, at + 20);
  return {
    name,
    keys,
    flags: halves[at + 2] ?? 0,
    depth: halves[at + 3] ?? 0,
    branchPages: readWord(halves, at + 4),
    leafPages: readWord(halves, at + 8),
    overflowPages: readWord(halves, at + 12),
    entries: readWord(halves, at + 16),
    root: root === NO_PAGE ? null : root,
  };
}

export function readMeta(halves: Uint16Array): LmdbMeta {
  const meta = HEADER_BYTES / 2;
  const trees = meta + 12;
  const after = trees + TREE_BYTES;
  const readHalfWord = (at: number) => (halves[at] ?? 0) + (halves[at + 1] ?? 0) * 0x1_0000;
  return {
    flags: halves[9] ?? 0,
    magic: readHalfWord(meta),
    version: readHalfWord(meta + 2),
    pageSize: readHalfWord(trees),
    free: readTree(halves, trees, "the free tree", "transactions"),
    main: readTree(halves, trees + TREE_BYTES / 2, "the main tree", "bytes"),
    lastPage: readWord(halves, after),
    transaction: readWord(halves, after + 4),
  };
}
