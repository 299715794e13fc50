// Damages copies of a store at rest and opens them: `node damaged-store-child.mjs <seed> <rounds> [kind]`. Tells of each
// round before it begins, so that whoever sees this process end knows what ended it, and of each as a line of JSON.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { openEmbeddedCacheStore } from "#semcache/store/embedded-cache-store.js";
import { createRandom, deriveEntry, differenceOf, keyOf, partitionOf, START_MS, vectorOf } from "./derived-entry.mjs";

const [seed = 1, rounds = 20] = process.argv.slice(2).map(Number);
const onlyKind = process.argv[4];
const PAGE = 4096;
const NAME = "entries-v1.mdb";
const DELETED = ["red"];

const tell = (record) => writeSync(1, `${JSON.stringify(record)}\n`);
process.on("unhandledRejection", (error) => {
  tell({ fault: `unhandled rejection: ${error?.stack}` });
  process.exit(1);
});

const base = mkdtempSync(
  join(statSync("/dev/shm", { throwIfNoEntry: false }) ? "/dev/shm" : tmpdir(), "semcache-damage-"),
);
process.on("exit", () => rmSync(base, { recursive: true, force: true }));

const openStore = (folder, onFault) =>
  openEmbeddedCacheStore({ folder, clock: { now: () => START_MS }, maxEntries: null, maxBytes: null, onFault });

/** A store with entries of all kinds, some of which were replaced and deleted, and what it was before that. */
async function makePristine() {
  const folder = join(base, "pristine");
  const fail = (message) => {
    throw new Error(message);
  };
  let store = await openStore(folder, fail);
  const put = (ids) => Promise.all(ids.map((id) => store.put(deriveEntry(id), store.generation())));
  await put(Array.from({ length: 150 }, (_, key) => `${key}.1`));
  await store.close();
  cpSync(folder, join(base, "older"), { recursive: true });
  store = await openStore(folder, fail);
  for (let key = 0; key < 60; key++) await put([`${key}.2`]);
  for (let key = 100; key < 120; key++) await store.delete({ kind: "id", id: `${key}.1` });
  await store.delete({ kind: "where", tags: DELETED });
  await put(Array.from({ length: 30 }, (_, index) => `${200 + index}.3`));
  const { entries } = await store.list({ limit: 1000 });
  await store.close();
  return { folder, alive: new Set(entries.map(({ id }) => id)) };
}

const random = createRandom(seed);
const pick = (count) => Math.floor(random() * count);
const { folder: pristine, alive } = await makePristine();
const whole = readFileSync(join(pristine, NAME));
const old = readFileSync(join(base, "older", NAME));
let used = whole.length;
while (used > 0 && whole[used - 1] === 0) used--;
const pages = Math.ceil(used / PAGE);
const garbage = (length) => Buffer.from(Uint8Array.from({ length }, () => pick(256)));

/** Each changes the file's bytes, or the folder. What it gives back takes the place of the file. */
const damages = {
  "a bit flipped"(bytes) {
    bytes[pick(used)] ^= 1 << pick(8);
  },
  "a bit flipped in the first pages"(bytes) {
    bytes[pick(4 * PAGE)] ^= 1 << pick(8);
  },
  "bits flipped"(bytes) {
    for (let count = 2 + pick(30); count > 0; count--) bytes[pick(used)] ^= 1 << pick(8);
  },
  "a page zeroed"(bytes) {
    const page = pick(pages);
    bytes.fill(0, page * PAGE, (page + 1) * PAGE);
  },
  "a sector of garbage"(bytes) {
    garbage(512).copy(bytes, pick(pages * 8) * 512);
  },
  "a word of garbage"(bytes) {
    garbage(8).copy(bytes, pick(used / 8) * 8);
  },
  "cut at random": (bytes) => bytes.subarray(0, pick(used)),
  "cut at a page": (bytes) => bytes.subarray(0, pick(pages) * PAGE),
  "cut behind its end": (bytes) => bytes.subarray(0, pages * PAGE + pick(bytes.length - pages * PAGE)),
  "two pages swapped"(bytes) {
    const [one, other] = [pick(pages) * PAGE, pick(pages) * PAGE];
    whole.copy(bytes, one, other, other + PAGE);
    whole.copy(bytes, other, one, one + PAGE);
  },
  "a page written over another"(bytes) {
    const [from, to] = [pick(pages) * PAGE, pick(pages) * PAGE];
    whole.copy(bytes, to, from, from + PAGE);
  },
  "a page as it was before"(bytes) {
    const page = pick(Math.min(pages, old.length / PAGE)) * PAGE;
    old.copy(bytes, page, page, page + PAGE);
  },
  "an older copy": () => old,
  "an empty file": () => Buffer.alloc(0),
  zeros: (bytes) => Buffer.alloc(bytes.length),
  "a text": () => Buffer.from("# entries\n".repeat(1 + pick(2000))),
  garbage: () => garbage(1 + pick(50_000)),
  "another order of bytes": (bytes) => bytes.swap32(),
  "another data version"(bytes) {
    for (const page of [0, PAGE]) bytes.writeUInt32LE(1 + 2 * pick(2), page + 28);
  },
  "an LMDB file of other software": () => otherSoftware,
  "no file": (_bytes, folder) => {
    rmSync(join(folder, NAME));
    return null;
  },
  "a damaged lock file"(_bytes, folder) {
    writeFileSync(join(folder, `${NAME}-lock`), garbage(pick(9000)));
    writeFileSync(join(folder, "semcache.lock"), garbage(pick(300)));
  },
  "no lock file"(_bytes, folder) {
    rmSync(join(folder, `${NAME}-lock`), { force: true });
    rmSync(join(folder, "semcache.lock"), { force: true });
  },
  "a damaged note of the end"(_bytes, folder) {
    writeFileSync(join(folder, "entries.closed"), garbage(pick(300)));
  },
  "other things in the folder"(_bytes, folder) {
    mkdirSync(join(folder, "entries.closed2"));
    writeFileSync(join(folder, "entries-v7.mdb"), "later");
    mkdirSync(join(folder, "indexes"), { recursive: true });
    writeFileSync(join(folder, "indexes", "0123.index"), garbage(pick(9000)));
    writeFileSync(join(folder, "indexes", "noise"), garbage(10));
  },
};

const otherSoftware = await (async () => {
  const path = join(base, "other.mdb");
  const root = open({ path, noSubdir: true, keyEncoding: "binary", encoding: "binary" });
  const heads = root.openDB({ name: "heads", dupSort: true, encoding: "ordered-binary" });
  const facts = root.openDB({ name: "facts", keyEncoding: "binary", encoding: "binary" });
  for (let index = 0; index < 300; index++) {
    void heads.put(index % 40, index);
    void facts.put(Buffer.from(`fact ${index}`), Buffer.alloc(10 + index * 10));
  }
  await root.put(Buffer.from("plain"), Buffer.from("value"));
  await root.close();
  return readFileSync(path);
})();

const kinds = Object.keys(damages);
for (let round = 0; round < rounds; round++) {
  const kind = onlyKind ?? kinds[pick(kinds.length)];
  tell({ round, kind });
  const folder = join(base, `round-${round}`);
  cpSync(pristine, folder, { recursive: true, preserveTimestamps: true });
  const bytes = Buffer.from(whole);
  const changed = damages[kind](bytes, folder);
  if (changed !== null) writeFileSync(join(folder, NAME), changed ?? bytes);
  // Rot changes no times: the note of the end still seems to hold.
  if (process.env.ROT) {
    const { transaction } = JSON.parse(readFileSync(join(pristine, "entries.closed"), "utf8"));
    const { ino, size, mtimeNs, ctimeNs } = statSync(join(folder, NAME), { bigint: true });
    writeFileSync(
      join(folder, "entries.closed"),
      JSON.stringify({ ino: `${ino}`, size: `${size}`, mtimeNs: `${mtimeNs}`, ctimeNs: `${ctimeNs}`, transaction }),
    );
  }
  const lines = [];
  const store = await openStore(folder, (message) => lines.push(message));
  const entries = [];
  let after;
  do {
    const page = await store.list({ limit: 100, ...(after !== undefined && { after }) });
    entries.push(...page.entries);
    after = page.next ?? undefined;
  } while (after !== undefined);
  // An entry whose vector turns out to be damaged is shown without it, once, and leaves.
  const differs = (entry) =>
    differenceOf(entry.vector === null ? { ...entry, vector: deriveEntry(entry.id).vector } : entry);
  const wrong = entries.map((entry) => [entry.id, differs(entry)]).filter(([, difference]) => difference !== null);
  const back = kind === "an older copy" ? [] : entries.map(({ id }) => id).filter((id) => !alive.has(id));
  for (const { id } of entries) {
    const found = await store.findExact(keyOf(id));
    if (found !== null && (found.id !== id || differenceOf(found))) wrong.push([id, "found as another"]);
    for (const near of await store.findNearest(partitionOf(id), vectorOf(id), 2)) {
      const entry = await store.get(near.id);
      if (entry !== null && differenceOf(entry)) wrong.push([near.id, "by meaning"]);
    }
  }
  const fresh = Array.from({ length: 20 }, (_, index) => `${300 + index}.9`);
  let taken = 0;
  for (const id of fresh) {
    await store.put(deriveEntry(id), store.generation());
    const found = await store.findExact(keyOf(id));
    if (found !== null && differenceOf(found) === null) taken++;
  }
  await store.delete({ kind: "where", tags: ["green"] });
  await store.flush();
  await store.close();
  const again = await openStore(folder, (message) => lines.push(`again: ${message}`));
  const kept = (await again.list({ limit: 1000 })).entries;
  wrong.push(...kept.map((entry) => [entry.id, differenceOf(entry)]).filter(([, difference]) => difference !== null));
  const missing = fresh.filter((id) => !deriveEntry(id).tags.includes("green") && !kept.some((each) => each.id === id));
  await again.close();
  rmSync(folder, { recursive: true });
  tell({ round, kind, found: entries.length, of: alive.size, wrong, back, taken, missing, lines });
}
tell({ done: true });
