import { join } from "node:path";
import Database from "better-sqlite3";
import { load } from "sqlite-vec";

const ADDED_AT_ONCE = 5_000;

/** sqlite-vec searches all rows; 32-bit floats in a file, as an application would have them. */
export async function createSqliteVecSearcher({ rows, dimensions, folder }) {
  const database = new Database(join(folder, "sqlite-vec.db"));
  load(database);
  database.pragma("journal_mode = WAL");
  database.exec(`create virtual table vectors using vec0(embedding float[${dimensions}] distance_metric=cosine)`);
  const insert = database.prepare("insert into vectors (rowid, embedding) values (?, ?)");
  const select = database
    .prepare("select rowid from vectors where embedding match ? and k = ? order by distance")
    .pluck();
  const toBytes = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const add = (number) => insert.run(BigInt(number), toBytes(rows.at(number)));
  const addSome = database.transaction((from, to) => {
    for (let number = from; number < to; number++) add(number);
  });
  return {
    add,
    async addAll(from, to) {
      for (let start = from; start < to; start += ADDED_AT_ONCE) addSome(start, Math.min(to, start + ADDED_AT_ONCE));
    },
    search: (query, k) => select.all(toBytes(query), k),
    close: () => database.close(),
  };
}
