// What GET /metrics exposes, from the registry itself.
import { createMetrics } from "../../dist/telemetry/metrics.js";
import { code, toTable } from "./markdown-table.mjs";

/** Names of the first Semcache; see src/telemetry/. */
const first = new Set([
  "semcache_cache_hit",
  "semcache_cache_miss",
  "semcache_cache_size",
  "semcache_memory_usage",
  "semcache_chat_completion_http_requests",
]);

const list = (families) =>
  toTable(
    ["name", "type", "labels", "what it is"],
    families.map(({ name, type, labelNames, help }) => [code(name), type, labelNames.map(code).join(", "), help]),
  );

export async function metricsPage() {
  const families = await createMetrics().families();
  for (const name of first) {
    if (!families.some((family) => family.name === name)) throw new Error(`Cannot document ${name}: it is not exposed`);
  }
  const own = families.filter(({ name }) => name.startsWith("semcache_"));
  return `# Metrics

\`GET /metrics\` speaks the Prometheus text format and needs no token. Labels come from closed sets, never from what a caller wrote; models
are told apart up to a bound.

${list(own.filter(({ name }) => !first.has(name)))}

## Of the first Semcache

These keep its names and meaning.

${list(own.filter(({ name }) => first.has(name)))}

## Of the process

${list(families.filter(({ name }) => !name.startsWith("semcache_")))}
`;
}
