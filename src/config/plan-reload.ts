import { isDeepStrictEqual } from "node:util";
import { SemcacheError } from "../base/errors.ts";
import { toConfig, type Config } from "./config.ts";
import type { LoadedConfig } from "./load.ts";
import { configSchema, type FileConfig } from "./schema.ts";

/** What a configuration that was read anew changes in a running server. */
export interface ReloadPlan {
  /** What is in effect from now on: the new settings, and the old ones where only a restart can change them. */
  readonly config: Config;
  readonly settings: FileConfig;
  readonly source: string | null;
  /** Settings that change, as paths with dots. */
  readonly changed: readonly string[];
  /** Settings that differ and stay as they were until a restart. */
  readonly needRestart: readonly string[];
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Settings, and sections of settings, that a running server can change. All others are built into what lives as long as
 * the process: sockets, the store and its limits, the models' queue, the keys that entries were stored under.
 */
export const reloadable = [
  "server.max_body",
  "server.admin_token",
  "server.shutdown_grace",
  "upstream",
  "prices",
  "cache.mode",
  "cache.ttl",
  "cache.volatile_ttl",
  "cache.max_ttl",
  "cache.stale_if_error",
  "cache.stale_while_revalidate",
  "cache.max_request",
  "cache.max_entry",
  "cache.max_temperature",
  "cache.ignore_fields",
  "cache.vary_headers",
  "matching.max_error_rate",
  "matching.guard",
  "matching.verifier",
  "matching.candidates",
  "matching.max_prompt_tokens",
  "matching.timeout",
  "matching.audit_rate",
  "matching.judge",
  "matching.min_similarity",
  "telemetry.log_level",
  "telemetry.log_format",
] as const;

type Tree = { readonly [key: string]: unknown };

/**
 * Compares what was read anew with what is in effect.
 *
 * @throws {SemcacheError} `config-invalid`: the new settings do not go together with those that only a restart changes
 */
export function planReload(current: FileConfig, next: LoadedConfig): ReloadPlan {
  const paths = differences(current as Tree, next.settings as Tree);
  const isReloadable = (path: string) => reloadable.some((known) => path === known || path.startsWith(`${known}.`));
  const needRestart = paths.filter((path) => !isReloadable(path));
  const merged = needRestart.reduce<Tree>(
    (tree, path) => withValueOf(tree, current as Tree, path.split(".")),
    next.settings,
  );
  const { success, data, error } = configSchema.safeParse(merged);
  if (!success) {
    const [issue] = error.issues;
    throw new SemcacheError(
      "config-invalid",
      `Cannot use the configuration without a restart: ${issue?.path.join(".") ?? ""}, allowed is ${issue?.message ?? ""}; ${needRestart.join(", ")} cannot change before`,
    );
  }
  const { source, notes, warnings } = next;
  const changed = paths.filter(isReloadable);
  return { config: toConfig(data), settings: data, source, changed, needRestart, notes, warnings };
}

/** Paths of the settings that differ; a list is one setting. */
function differences(a: Tree, b: Tree, above: readonly string[] = []): string[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => {
    const [left, right] = [a[key], b[key]];
    const path = [...above, key];
    if (isTree(left) && isTree(right)) return differences(left, right, path);
    return isDeepStrictEqual(left, right) ? [] : [path.join(".")];
  });
}

function withValueOf(tree: Tree, source: Tree, [key = "", ...rest]: readonly string[]): Tree {
  const { [key]: own, ...others } = tree;
  const other = source[key];
  if (rest.length === 0) return other === undefined ? others : { ...tree, [key]: other };
  return { ...tree, [key]: withValueOf(isTree(own) ? own : {}, isTree(other) ? other : {}, rest) };
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
