// Every setting, from the schema: its default is what an empty file gives, what is allowed is what the loader says of a wrong value.
import { configSchema } from "../../dist/config/schema.js";
import { readEnvironment } from "../../dist/config/environment.js";
import { reloadable } from "../../dist/config/plan-reload.js";
import { code, toTable } from "./markdown-table.mjs";

/** What stands in the schema around what a setting is. */
const wrappers = new Set(["default", "prefault", "nullable", "optional"]);
/** Settings within an example of themselves only: the map is one setting. */
const isMap = (schema) => innermost(schema).type === "record";
const defaults = configSchema.parse({});

/** @returns {{ key: string, schema: object, description: string | undefined }[]} */
export function listSettings(schema = configSchema, prefix = "") {
  const inner = innermost(schema);
  if (inner.type !== "object" || isMap(schema)) return [{ key: prefix, schema, description: describe(schema) }];
  return Object.entries(inner.shape).flatMap(([name, child]) =>
    listSettings(child, prefix === "" ? name : `${prefix}.${name}`),
  );
}

export function configurationPage() {
  const parts = Object.entries(innermost(configSchema).shape).map(([name, section]) => {
    const rows = listSettings(section, name).map(({ key, schema, description }) => [
      code(key),
      code(toVariable(key)),
      description,
      allowed(schema),
      code(shown(key.split(".").reduce((node, part) => node?.[part], defaults))),
      reloadable.some((path) => key === path || key.startsWith(`${path}.`)) ? "reload" : "restart",
    ]);
    return `## ${name}\n\n${toTable(["setting", "variable", "what it is", "allowed", "default", "change"], rows)}\n`;
  });
  return `# Settings

Every key of \`semcache.yaml\`, with what is allowed and the default. [Configuration](../configuration.md) says how files, variables and
flags go together, and has the defaults as one file.

Lists and maps are JSON in variables. What says *reload* in the last column can change in a running server: it reads its file anew on SIGHUP
([changing it while it runs](../configuration.md#changing-it-while-it-runs)).

${parts.join("\n")}`;
}

function toVariable(key) {
  const name = `SEMCACHE_${key.replaceAll(".", "__").toUpperCase()}`;
  const [warning] = readEnvironment({ [name]: "" }).warnings;
  if (warning) throw new Error(`Cannot document ${key}: ${warning}`);
  return name;
}

/** What the loader says of a value that the setting does not take: of a text, or else of what nothing takes. */
function allowed(schema) {
  const failed = ["\u0000", Symbol("nothing")].map((value) => schema.safeParse(value)).find(({ success }) => !success);
  if (!failed) throw new TypeError("Cannot tell what is allowed: the setting takes anything");
  return failed.error.issues[0].message + (schema.safeParse(null).success ? ", or null" : "");
}

function shown(value) {
  if (value === undefined) return "not set";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Descriptions may stand on any layer. */
function describe(schema) {
  for (let layer = schema; layer; layer = peel(layer)) if (layer.description) return layer.description;
  return undefined;
}

function innermost(schema) {
  let layer = schema;
  for (let below = peel(layer); below; below = peel(layer)) layer = below;
  return layer;
}

function peel(schema) {
  if (wrappers.has(schema.type)) return schema.unwrap();
  return schema.type === "pipe" ? schema.in : null;
}
