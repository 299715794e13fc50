// What a process does with LMDB files, so that the process may end over it: `build FOLDER` makes files of several
// shapes, `exercise FILE...` opens each, reads everything, writes a lot, reads again, and prints `done FILE`.
import { writeSync } from "node:fs";
import { open } from "lmdb";

const DATABASES = ["heads", "bodies", "vectors", "facts"];
const binary = { keyEncoding: "binary", encoding: "binary" };
const ROUNDS = 6;
const WRITES_PER_ROUND = 300;
const MAX_WAIT_MS = 20_000;

let state = 5;
const random = () => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return state / 0x7fff_ffff;
};
const below = (limit) => Math.floor(random() * limit);
const sequenceKey = (sequence) => {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(sequence));
  return key;
};
const vectorKey = (sequence) => Buffer.concat([Buffer.alloc(32, sequence % 17), sequenceKey(sequence)]);
const caught = (promise) => promise.catch((error) => void error.commitError?.catch(() => {}));

const [command, ...args] = process.argv.slice(2);
if (command === "build")
  for (const [name, fill] of Object.entries(shapes())) await build(`${args[0]}/${name}.mdb`, fill);
else for (const file of args) await exercise(file);
process.exit(0);

function openFile(path) {
  const root = open({
    path,
    noSubdir: true,
    maxDbs: DATABASES.length,
    overlappingSync: false,
    eventTurnBatching: false,
    ...binary,
  });
  return { root, databases: DATABASES.map((name) => root.openDB(name, binary)) };
}

async function build(path, fill) {
  const { root, databases } = openFile(path);
  const [heads, bodies, vectors, facts] = databases;
  await fill({ heads, bodies, vectors, facts });
  await root.close();
}

function shapes() {
  const put = ({ heads, bodies, vectors }, sequence, largeShare) => [
    heads.put(sequenceKey(sequence), Buffer.alloc(150 + (sequence % 90), 1)),
    bodies.put(
      sequenceKey(sequence),
      Buffer.alloc(random() < largeShare ? 20_000 + below(100_000) : 200 + (sequence % 1_600), 2),
    ),
    vectors.put(vectorKey(sequence), Buffer.alloc(400, 3)),
  ];
  const remove = ({ heads, bodies, vectors }, sequence) => [
    heads.remove(sequenceKey(sequence)),
    bodies.remove(sequenceKey(sequence)),
    vectors.remove(vectorKey(sequence)),
  ];
  const churn = async (databases, transactions, size, largeShare) => {
    for (let transaction = 0; transaction < transactions; transaction++) {
      const writes = [];
      for (let index = 0; index < size; index++) {
        const sequence = below(size * 2);
        writes.push(...(random() < 0.4 ? remove(databases, sequence) : put(databases, sequence, largeShare)));
      }
      await Promise.all(writes);
    }
  };
  return {
    fresh: ({ facts }) => facts.put(Buffer.from("format"), Buffer.from("1")),
    few: (databases) => churn(databases, 2, 5, 0),
    growing: async (databases) => {
      for (let first = 0; first < 1_600; first += 200) {
        await Promise.all(Array.from({ length: 200 }, (_, index) => put(databases, first + index, 0)).flat());
      }
    },
    churned: (databases) => churn(databases, 40, 150, 0.01),
    large: (databases) => churn(databases, 15, 40, 0.3),
    shrunk: async (databases) => {
      await churn(databases, 5, 400, 0.02);
      for (let sequence = 0; sequence < 800; sequence++) {
        if (random() < 0.9) await Promise.all(sequence % 50 === 0 ? remove(databases, sequence) : []);
        else remove(databases, sequence);
      }
      await churn(databases, 3, 10, 0);
    },
    "small-transactions": (databases) => churn(databases, 400, 3, 0.05),
  };
}

async function exercise(path) {
  state = 77;
  try {
    const { root, databases } = openFile(path);
    const keys = databases.flatMap((database) =>
      Array.from(database.getKeys({}), (key) => ({ database, key: Buffer.from(key) })),
    );
    readAll(databases);
    for (let round = 0; round < ROUNDS; round++) {
      await inTime(Promise.all(Array.from({ length: WRITES_PER_ROUND }, () => caught(write(databases, keys)))));
    }
    readAll(databases);
    await inTime(root.close());
  } catch (error) {
    if (error.message === "hangs") process.exit(9);
    // An error of LMDB is an answer; the store deals with it.
  }
  writeSync(1, `done ${path}\n`);
}

function write(databases, keys) {
  const choice = random();
  const old = keys[below(keys.length)];
  const size = random() < 0.05 ? below(90_000) : below(1_800);
  if (choice < 0.35 && old !== undefined) return old.database.remove(old.key);
  if (choice < 0.6 && old !== undefined) return old.database.put(old.key, Buffer.alloc(size, 4));
  return databases[below(3)].put(sequenceKey(below(1e7)), Buffer.alloc(size, 5));
}

/** Touches each value's first, middle and last page. */
function readAll(databases) {
  let sum = 0;
  for (const database of databases) {
    for (const { value } of database.getRange({})) {
      sum += (value[0] ?? 0) + (value[value.length >> 1] ?? 0) + (value.at(-1) ?? 0);
    }
  }
  return sum;
}

function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("hangs")), MAX_WAIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
