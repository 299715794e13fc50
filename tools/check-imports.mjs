// Imports point downward only; rooms on the same floor do not import each other. The table is the architecture.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const floors = [
  ["base", "version.ts"],
  ["model"],
  ["sse", "telemetry", "vector-index", "inference", "pricing"],
  ["formats", "upstream", "embedding", "store", "config"],
  ["matching"],
  ["cache"],
  ["proxy"],
  ["dashboard", "transfer"],
  ["tuning"],
  ["http"],
  ["serving"],
  ["app.ts"],
  ["cli"],
];

const source = fileURLToPath(new URL("../src/", import.meta.url));
const floorOf = new Map(floors.flatMap((rooms, floor) => rooms.map((room) => [room, floor])));
const roomOf = (path) => relative(source, path).split("/")[0];
const problems = [];

for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
  const file = resolve(entry.parentPath, entry.name);
  const room = roomOf(file);
  if (!floorOf.has(room)) problems.push(`src/${room} is not in the table of floors (tools/check-imports.mjs)`);
  for (const [, specifier] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    const target = roomOf(resolve(dirname(file), specifier));
    // Unit tests may use what all tests share.
    if (target === room || (target === ".." && entry.name.endsWith(".test.ts"))) continue;
    if (!(floorOf.get(target) < floorOf.get(room))) {
      problems.push(
        `${relative(dirname(source.slice(0, -1)), file)} imports ${specifier}: ${room} may not import ${target}`,
      );
    }
  }
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`imports: ${floorOf.size} rooms on ${floors.length} floors, all point downward`);
