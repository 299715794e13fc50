import { readFileSync, existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import { redactUrl } from "../telemetry/redacted-url.ts";
import { redactText } from "../telemetry/redaction.ts";
import { toConfig, type Config } from "./config.ts";
import { readEnvironment } from "./environment.ts";
import { legacyKeys, migrateLegacyKeys } from "./legacy.ts";
import { nearestName } from "./nearest-name.ts";
import { HIDDEN, redactValue } from "./redact.ts";
import { configSchema, longPriceKeys, priceKeys, type FileConfig } from "./schema.ts";

type Tree = { [key: string]: unknown };

export interface LoadOptions {
  /** `--config`; null: `semcache.yaml` or the first Semcache's `config.yaml` in `workingFolder`, where there is one. */
  readonly file?: string | null;
  readonly workingFolder?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Settings from flags, in the file's shape; they win over everything. */
  readonly overrides?: Tree;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The same settings in the file's notation, for `config print`. */
  readonly settings: FileConfig;
  /** The file that was read, if any. */
  readonly source: string | null;
  /** Lines for the start-up log. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Flags win over environment over file over defaults.
 *
 * @throws {SemcacheError} `config-invalid`: one line per wrong setting with key, value and what is allowed.
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const { file = null, workingFolder = process.cwd(), env = process.env, overrides = {} } = options;
  const found = findFile(file, workingFolder);
  const fromFile = migrateLegacyKeys(found ? found.tree : {});
  const fromEnv = readEnvironment(env);
  const merged = merge(merge(fromFile.tree, fromEnv.tree), overrides);
  const parsed = configSchema.safeParse(merged);
  if (!parsed.success) {
    const lines = parsed.error.issues.flatMap((issue) => describe(issue, merged, fromEnv.tree));
    const where = found ? ` in ${found.path}` : "";
    throw new SemcacheError("config-invalid", `Cannot use the configuration${where}: ${lines.join("; ")}`);
  }
  return {
    config: toConfig(parsed.data),
    settings: parsed.data,
    source: found?.path ?? null,
    notes: fromFile.notes,
    warnings: fromEnv.warnings,
  };
}

function findFile(file: string | null, folder: string): { path: string; tree: Tree } | null {
  if (file !== null) {
    const path = resolve(folder, file);
    if (!existsSync(path))
      throw new SemcacheError("config-invalid", `Cannot read the configuration: ${path} does not exist`);
    return { path, tree: readTree(path) };
  }
  const own = resolve(folder, "semcache.yaml");
  if (existsSync(own)) return { path: own, tree: readTree(own) };
  // Other products have a config.yaml too (LiteLLM): unasked, it is read only if it can be nobody else's.
  const legacy = resolve(folder, "config.yaml");
  if (!existsSync(legacy)) return null;
  const tree = readTree(legacy, { lenient: true });
  const keys = Object.keys(tree);
  const ours = keys.length > 0 && keys.every((key) => (legacyKeys as readonly string[]).includes(key));
  return ours ? { path: legacy, tree } : null;
}

function readTree(path: string, { lenient = false } = {}): Tree {
  const document = parseDocument(readText(path));
  const [problem] = document.errors;
  if (problem) {
    if (lenient) return {};
    throw new SemcacheError(
      "config-invalid",
      `Cannot read the configuration: ${path}: ${redactText(problem.message.split("\n")[0] ?? "")}`,
    );
  }
  const tree: unknown = document.toJS();
  if (tree === null || tree === undefined) return {};
  if (typeof tree !== "object" || Array.isArray(tree)) {
    if (lenient) return {};
    throw new SemcacheError("config-invalid", `Cannot read the configuration: ${path} is not a map of settings`);
  }
  return tree as Tree;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SemcacheError(
      "config-invalid",
      `Cannot read the configuration: ${path} is not readable (${code ?? "?"})`,
      {
        cause: error,
      },
    );
  }
}

function merge(below: Tree, above: Tree): Tree {
  const result: Tree = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const existing = result[key];
    result[key] = isTree(existing) && isTree(value) ? merge(existing, value) : value;
  }
  return result;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(issue: z.core.$ZodIssue, input: unknown, fromVariables: Tree): string[] {
  const path = issue.path.map(String);
  const shownPath = path.map(redactUrl);
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(path);
    return issue.keys.map((key) => {
      const nearest = nearestName(key, known);
      const hint = nearest ? `did you mean ${[...shownPath, nearest].join(".")}?` : `known here: ${known.join(", ")}`;
      return `${[...shownPath, redactUrl(key)].join(".")} is not a setting${known.length === 0 ? "" : ` (${hint})`}`;
    });
  }
  const value = valueAt(input, path);
  const variable =
    valueAt(fromVariables, path) === undefined
      ? ""
      : ` (from the variable ${toVariable(path)}; lists and maps are JSON)`;
  const shown = redactValue(value, path.at(-1) ?? "");
  const written = shown === HIDDEN ? HIDDEN : (JSON.stringify(shown) ?? "missing");
  return [`${shownPath.join(".")} is ${written}${variable}, allowed is ${issue.message}${advice(path, value)}`];
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, key) => (isTree(node) || Array.isArray(node) ? (node as Tree)[key] : undefined),
    tree,
  );
}

function toVariable(path: readonly string[]): string {
  return `SEMCACHE_${path.join("__").toUpperCase()}`;
}

/** Values that the documents name and that this version does not have yet. */
function advice(path: readonly string[], value: unknown): string {
  if (path.join(".") === "store.kind" && ["redis", "postgres"].includes(String(value))) {
    return " (stores of several processes are not part of this version)";
  }
  if (path.join(".") === "embedding.provider" && ["openai", "http"].includes(String(value))) {
    return " (remote embedders are not part of this version)";
  }
  return "";
}

function knownKeys(path: readonly string[]): readonly string[] {
  if (path[0] === "prices" && path.length > 1) return path.at(-1) === "long" ? longPriceKeys : priceKeys;
  const defaults = path.reduce<unknown>((node, key) => (isTree(node) ? node[key] : undefined), configSchema.parse({}));
  if (!isTree(defaults)) return [];
  return path.length === 0
    ? [...Object.keys(defaults), ...legacyKeys]
    : path.join(".") === "cache"
      ? [...Object.keys(defaults), "eviction_policy"]
      : Object.keys(defaults);
}
