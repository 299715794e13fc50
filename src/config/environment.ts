import { z } from "zod";
import { configSchema } from "./schema.ts";
import { nearestName } from "./nearest-name.ts";

type Tree = { [key: string]: unknown };

/**
 * Variables that begin with our prefix and are not ours: Kubernetes makes `SEMCACHE_PORT=tcp://...`,
 * `SEMCACHE_SERVICE_HOST`, `SEMCACHE_PORT_8080_TCP_ADDR`... for a service named semcache; `SEMCACHE_BENCH_*` is for benchmarks.
 */
const foreign = /^SEMCACHE_(?:SERVICE_(?:HOST|PORT)(?:_.*)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_.*)?|BENCH_.*)$/;

/** Settings from `SEMCACHE_<PATH>` variables, `__` between levels; lists and maps are JSON. */
export function readEnvironment(env: NodeJS.ProcessEnv): { readonly tree: Tree; readonly warnings: readonly string[] } {
  const tree: Tree = {};
  const warnings: string[] = [];
  for (const [name, raw] of Object.entries(env).sort()) {
    if (!name.startsWith("SEMCACHE_") || raw === undefined || foreign.test(name)) continue;
    if (name === "SEMCACHE_PORT") {
      if (!raw.startsWith("tcp://") && !raw.startsWith("udp://"))
        set(tree, ["server", "port"], coerce(raw, schemaAt(["server", "port"])));
      continue;
    }
    if (name === "SEMCACHE_LOG_LEVEL") {
      set(tree, ["telemetry", "log_level"], raw.toLowerCase());
      continue;
    }
    const path = name.slice("SEMCACHE_".length).toLowerCase().split("__");
    const schema = schemaAt(path);
    if (schema === null) {
      const nearest = nearestName(name, settingNames());
      warnings.push(
        `The variable ${name} is not a setting and is ignored${nearest ? `; did you mean ${nearest}?` : ""}`,
      );
      continue;
    }
    set(tree, path, coerce(raw, schema));
  }
  return { tree, warnings };
}

/** Variables are text: a setting that does not take the text as it stands gets it read as JSON. */
function coerce(raw: string, schema: z.ZodType | null): unknown {
  if (schema === null || schema.safeParse(raw).success) return raw;
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    return raw;
  }
}

function set(tree: Tree, path: readonly string[], value: unknown): void {
  let node = tree;
  for (const key of path.slice(0, -1)) {
    const child = node[key];
    node = (typeof child === "object" && child !== null ? child : (node[key] = {})) as Tree;
  }
  node[path.at(-1) as string] = value;
}

function schemaAt(path: readonly string[]): z.ZodType | null {
  let schema: z.ZodType | null = configSchema;
  for (const key of path) {
    schema = schema && childSchema(schema, key);
    if (schema === null) return null;
  }
  return schema;
}

/** Takes off the wrappers (default, prefault, nullable, optional, transform) around an object or record. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional
  ) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in as z.ZodType) : schema;
}

function childSchema(schema: z.ZodType, key: string): z.ZodType | null {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return (inner.shape as { [key: string]: z.ZodType })[key] ?? null;
  return inner instanceof z.ZodRecord ? (inner.valueType as z.ZodType) : null;
}

function settingNames(schema: z.ZodType = configSchema, prefix = "SEMCACHE_"): string[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape as { [key: string]: z.ZodType }).flatMap(([key, child]) => {
    const name = `${prefix}${key.toUpperCase()}`;
    return [name, ...settingNames(child, `${name}__`)];
  });
}
