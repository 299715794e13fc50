import { open, type FileHandle } from "node:fs/promises";
import { SemcacheError } from "../../base/errors.ts";
import {
  DATA_VERSION,
  ENVIRONMENT_FLAGS,
  FREE_TREE_FLAG,
  LmdbDamage,
  MAGIC,
  META,
  META_BYTES,
  META_PAGES,
  readMeta,
  type LmdbMeta,
} from "./lmdb-format.ts";
import { LmdbPageReader } from "./lmdb-page-reader.ts";
import { LmdbTreeWalk } from "./lmdb-tree-walk.ts";

/** `foreign`: not an LMDB file, or one of another data version or machine. */
export type LmdbFileState =
  | { readonly kind: "sound" }
  | { readonly kind: "damaged"; readonly detail: string }
  | { readonly kind: "foreign"; readonly detail: string };

/** Pages that a transaction may have taken at the end of the file, freed again, and never written. */
const MAX_PAGES_BEYOND_FILE = 262_144;

/**
 * Whether LMDB can open, read and write this file without a fault. LMDB maps the file and trusts it: one wrong bit in a
 * branch page or in the list of free pages can end the process or let it overwrite pages in use, and nothing in the
 * process can catch that. So the file is read here first, without LMDB: both meta pages, every page of every tree, and
 * that no page is used twice. Values are not looked at (records have checksums of their own).
 *
 * For files of databases with byte keys in memcmp order, without duplicates, in environments that are opened without
 * overlapping sync (with it, LMDB keeps a third meta). An empty file is sound: LMDB begins a new one.
 *
 * @throws {SemcacheError} `store-failed` where the file cannot be read at all, `aborted`
 */
export async function checkLmdbFile(path: string, signal?: AbortSignal): Promise<LmdbFileState> {
  let file;
  try {
    file = await open(path, "r");
    return await check(file, signal);
  } catch (error) {
    if (error instanceof LmdbDamage) return { kind: "damaged", detail: error.message };
    if (signal?.aborted) throw new SemcacheError("aborted", `Cannot check ${path}: it is not needed any more`);
    const cause = error instanceof Error ? error.message : String(error);
    throw new SemcacheError("store-failed", `Cannot check ${path}: ${cause}`, { cause: error });
  } finally {
    await file?.close();
  }
}

/** Of the transaction that was committed last: its number, and how long a file is that has all of its pages. */
export interface LastCommit {
  readonly transaction: number;
  readonly bytes: number;
}

/** @throws {LmdbDamage}, and what the file system throws */
export async function readLastCommit(path: string): Promise<LastCommit> {
  const file = await open(path, "r");
  try {
    const first = await readMetaAt(file, 0);
    const second = first === null ? null : await readMetaAt(file, first.pageSize);
    if (first === null || second === null) throw new LmdbDamage("it ends before its second page");
    const { transaction, lastPage } = first.transaction > second.transaction ? first : second;
    return { transaction, bytes: (lastPage + 1) * first.pageSize };
  } finally {
    await file.close();
  }
}

async function check(file: FileHandle, signal?: AbortSignal): Promise<LmdbFileState> {
  const { size } = await file.stat();
  if (size === 0) return { kind: "sound" };
  const first = await readMetaAt(file, 0);
  if (first === null) return { kind: "foreign", detail: `it has ${size} bytes` };
  if (first.magic !== MAGIC) return { kind: "foreign", detail: "it does not begin like an LMDB file of this machine" };
  if (first.version !== DATA_VERSION) {
    return { kind: "foreign", detail: `its data version is ${first.version}, not ${DATA_VERSION}` };
  }
  const { pageSize } = first;
  if (pageSize < 512 || pageSize > 65_536 || !Number.isInteger(Math.log2(pageSize))) {
    throw new LmdbDamage(`its page size is ${pageSize}`);
  }
  const second = await readMetaAt(file, pageSize);
  if (second === null) throw new LmdbDamage("it ends before its second page");
  checkMeta(first, 0, pageSize);
  checkMeta(second, 1, pageSize);
  // Transactions alternate between the two, so that the newer one is exactly one ahead; a new file has two of 0.
  const fresh = first.transaction === 0 && second.transaction === 0;
  if (!fresh && Math.abs(first.transaction - second.transaction) !== 1) {
    throw new LmdbDamage(`its metas are of the transactions ${first.transaction} and ${second.transaction}`);
  }
  const meta = first.transaction >= second.transaction ? first : second;
  const pageCount = Math.floor(size / pageSize);
  if (!(meta.lastPage >= META_PAGES - 1 && meta.lastPage < pageCount + MAX_PAGES_BEYOND_FILE)) {
    throw new LmdbDamage(`its last page is ${meta.lastPage} of ${pageCount}`);
  }
  await new LmdbTreeWalk(new LmdbPageReader(file.fd, { pageSize, pageCount, signal }), meta).run();
  return { kind: "sound" };
}

async function readMetaAt(file: FileHandle, position: number): Promise<LmdbMeta | null> {
  const bytes = new Uint8Array(META_BYTES);
  const { bytesRead } = await file.read(bytes, 0, META_BYTES, position);
  return bytesRead === META_BYTES ? readMeta(new Uint16Array(bytes.buffer)) : null;
}

function checkMeta(meta: LmdbMeta, page: number, pageSize: number): void {
  const { transaction, free, main } = meta;
  const wrong =
    meta.flags !== META ||
    meta.magic !== MAGIC ||
    meta.version !== DATA_VERSION ||
    meta.pageSize !== pageSize ||
    (free.flags & ~ENVIRONMENT_FLAGS) !== FREE_TREE_FLAG ||
    main.flags !== 0 ||
    // Between 2^48 and the end of the numbers no transaction was ever written; LMDB needs room for the next ones.
    transaction >= 2 ** 48 ||
    (transaction !== 0 && transaction % 2 !== page);
  if (wrong) throw new LmdbDamage(`meta page ${page} is not what LMDB writes`);
}
