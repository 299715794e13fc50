/** Top-level keys of the first Semcache's config.yaml, which keep working. */
export const legacyKeys = ["port", "log_level", "similarity_threshold", "eviction_policy"] as const;

type Tree = { [key: string]: unknown };

/**
 * Moves the first Semcache's keys to where they live now. Its `similarity_threshold: t` (0 to 1) was compared with
 * `(1 + cosine) / 2`, so it means a cosine of `2t - 1`; here it is a floor beside the judgement, so it only tightens.
 */
export function migrateLegacyKeys(tree: Tree): { readonly tree: Tree; readonly notes: readonly string[] } {
  const { port, log_level: logLevel, similarity_threshold: threshold, eviction_policy: policy, ...rest } = tree;
  const notes: string[] = [];
  const result: Tree = { ...rest };
  const move = (section: string, key: string, value: unknown) => {
    const existing = result[section];
    result[section] = { [key]: value, ...(typeof existing === "object" && existing !== null ? existing : {}) };
  };
  if (port !== undefined) move("server", "port", port);
  if (logLevel !== undefined)
    move("telemetry", "log_level", typeof logLevel === "string" ? logLevel.toLowerCase() : logLevel);
  if (policy !== undefined) move("cache", "eviction_policy", policy);
  if (threshold !== undefined) {
    const floor =
      typeof threshold === "number" && threshold >= 0 && threshold <= 1
        ? Number((2 * threshold - 1).toFixed(6))
        : threshold;
    move("matching", "min_similarity", floor);
    if (floor !== threshold || threshold === 1) {
      notes.push(
        `similarity_threshold ${String(threshold)} is read as the first Semcache meant it: an extra floor of cosine ${String(floor)}, which can only make matching stricter`,
      );
    }
  }
  return { tree: result, notes };
}
