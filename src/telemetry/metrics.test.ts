import { describe, expect, it } from "vitest";
import { parsePrometheusText, type MetricFamily } from "../../test/support/prometheus-text.ts";
import { sampleReport } from "../../test/support/sample-report.ts";
import { createMetrics } from "./metrics.ts";

function valueOf(
  families: Map<string, MetricFamily>,
  name: string,
  labels: Record<string, string> = {},
): number | null {
  const family = [...families].find(([key]) => name === key || name.startsWith(`${key}_`))?.[1] ?? families.get(name);
  const wanted = Object.entries(labels);
  const found = family?.samples.find(
    (sample) => sample.name === name && wanted.every(([key, value]) => sample.labels.get(key) === value),
  );
  return found?.value ?? null;
}

describe("createMetrics", () => {
  it("begins with a 0 for what alerts count, so that the first event is a rise", async () => {
    const families = parsePrometheusText(await createMetrics().expose());
    for (const match of ["exact", "semantic"])
      expect(valueOf(families, "semcache_audits_total", { match, outcome: "wrong" })).toBe(0);
    expect(valueOf(families, "semcache_feedback_total", { verdict: "wrong" })).toBe(0);
    expect(valueOf(families, "semcache_errors_total", { code: "internal" })).toBe(0);
    expect(valueOf(families, "semcache_upstream_errors_total", { code: "upstream-unreachable" })).toBe(0);
    expect(valueOf(families, "semcache_not_stored_total", { reason: "store-failed" })).toBe(0);
    expect(valueOf(families, "semcache_store_errors_total", { operation: "put" })).toBe(0);
    expect(valueOf(families, "semcache_errors_total", { code: "listen-failed" })).toBe(null);
  });

  it("an upstream that the caller may not name is no failure of the provider", async () => {
    const metrics = createMetrics();
    metrics.observe(sampleReport({ error: "upstream-forbidden", status: 403 }));
    const families = parsePrometheusText(await metrics.expose());
    expect(valueOf(families, "semcache_errors_total", { code: "upstream-forbidden" })).toBe(1);
    expect(valueOf(families, "semcache_upstream_errors_total", { code: "upstream-forbidden" })).toBe(null);
  });

  it("counts what providers failed with by kind, from 0", async () => {
    const metrics = createMetrics();
    metrics.observe(sampleReport({ cacheStatus: "miss", match: null, reason: "frame-new", status: 429 }));
    metrics.observe(sampleReport({ cacheStatus: "stale", stale: "provider-5xx" }));
    metrics.observe(sampleReport());
    const families = parsePrometheusText(await metrics.expose());
    const counts = ["http-429", "http-5xx", "upstream-unreachable"].map((kind) =>
      valueOf(families, "semcache_provider_errors_total", { kind }),
    );
    expect(counts).toEqual([1, 1, 0]);
  });

  it("counts saved cost by model and route, and what has no price apart", async () => {
    const metrics = createMetrics();
    metrics.observe(sampleReport({ savedTokens: 10, savedCost: 0.5, model: "gpt-4o" }));
    metrics.observe(sampleReport({ savedTokens: 10, savedCost: 0.25, model: "gpt-4o", route: "generic" }));
    metrics.observe(sampleReport({ savedTokens: 2, savedCost: 2, model: "gpt-4o", match: "semantic" }));
    metrics.observe(sampleReport({ savedTokens: 7, savedCost: null, model: "unheard-of" }));
    metrics.observe(sampleReport({ savedTokens: 1, savedCost: 0.125, model: 'od"d\nmodel' }));
    metrics.countAuditCost(0.75);
    const families = parsePrometheusText(await metrics.expose());
    const cost = (labels: Record<string, string>) => valueOf(families, "semcache_saved_cost_dollars_total", labels);
    expect(cost({ model: "gpt-4o", route: "openai-chat-completions" })).toBe(2.5);
    expect(cost({ model: "gpt-4o", route: "generic" })).toBe(0.25);
    expect(cost({ model: 'od"d\nmodel' })).toBe(0.125);
    expect(cost({ model: "unheard-of" })).toBeNull();
    expect(valueOf(families, "semcache_saved_tokens_total")).toBe(30);
    expect(valueOf(families, "semcache_saved_unpriced_tokens_total")).toBe(7);
    expect(valueOf(families, "semcache_audit_cost_dollars_total")).toBe(0.75);
  });

  it("names a hundred models, and counts the cost of the rest together", async () => {
    const metrics = createMetrics();
    for (let index = 0; index < 300; index++) {
      metrics.observe(sampleReport({ savedTokens: 1, savedCost: 1, model: `model-${index}` }));
    }
    const samples = parsePrometheusText(await metrics.expose()).get("semcache_saved_cost_dollars_total")?.samples ?? [];
    expect(samples).toHaveLength(101);
    expect(samples.find(({ labels }) => labels.get("model") === "other")?.value).toBe(200);
  });

  it("exposes valid Prometheus text, whatever the labels hold", async () => {
    const metrics = createMetrics();
    metrics.observe(sampleReport());
    metrics.observe(
      sampleReport({ route: 'od"d\\route\nwith a line', cacheStatus: "bypass", match: null, reason: "off" }),
    );
    metrics.countStoreError('p"ut\n');
    const families = parsePrometheusText(await metrics.expose());
    expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(valueOf(families, "semcache_requests_total", { route: 'od"d\\route\nwith a line' })).toBe(1);
    expect(valueOf(families, "semcache_store_errors_total", { operation: 'p"ut\n' })).toBe(1);
    for (const [name, { type, samples }] of families) {
      if (type !== "histogram" || !name.startsWith("semcache_")) continue;
      // Buckets are cumulative: within one series none is smaller than the one before.
      const buckets = samples.filter((sample) => sample.name.endsWith("_bucket"));
      const falling = buckets.filter(({ labels, value }, index) => {
        const before = buckets[index - 1];
        return before && before.labels.get("le") !== "+Inf" && labels.size > 0 && value < before.value;
      });
      expect(falling).toEqual([]);
    }
    expect(families.has("process_cpu_seconds_total")).toBe(true);
  });

  it("keeps the first Semcache's names and kinds", async () => {
    const metrics = createMetrics();
    metrics.connect({ store: () => ({ ...noStats, entries: 7 }) });
    metrics.observe(sampleReport({ durationMs: 20 }));
    metrics.observe(sampleReport({ cacheStatus: "miss", match: null, reason: "no-candidate" }));
    const families = parsePrometheusText(await metrics.expose());
    expect(families.get("semcache_cache_hit")?.type).toBe("counter");
    expect(valueOf(families, "semcache_cache_hit")).toBe(1);
    expect(valueOf(families, "semcache_cache_miss")).toBe(1);
    expect(valueOf(families, "semcache_cache_size")).toBe(7);
    expect(valueOf(families, "semcache_memory_usage")).toBeGreaterThan(1_000);
    expect(families.get("semcache_chat_completion_http_requests")?.type).toBe("histogram");
    const labels = { method: "POST", path: "/v1/chat/completions", status: "200", cache_status: "hit" };
    const name = "semcache_chat_completion_http_requests";
    expect(valueOf(families, `${name}_count`, labels)).toBe(1);
    expect(valueOf(families, `${name}_sum`, labels)).toBeCloseTo(0.02);
    expect(valueOf(families, `${name}_bucket`, { ...labels, le: "0.01" })).toBe(0);
    expect(valueOf(families, `${name}_bucket`, { ...labels, le: "0.025" })).toBe(1);
    expect(valueOf(families, `${name}_bucket`, { ...labels, le: "+Inf" })).toBe(1);
  });

  it("names the paths of the built-in routes as they were called, and no others", async () => {
    const metrics = createMetrics();
    for (const path of ["/chat/completions", "/v1/chat/completions", "/v1/files/of-a-caller", "/v1/files/another"]) {
      metrics.observe(sampleReport({ path }));
    }
    const { samples = [] } =
      parsePrometheusText(await metrics.expose()).get("semcache_chat_completion_http_requests") ?? {};
    const counts = samples.filter(({ name }) => name.endsWith("_count"));
    expect(Object.fromEntries(counts.map(({ labels, value }) => [labels.get("path"), value]))).toEqual({
      "/chat/completions": 1,
      "/v1/chat/completions": 1,
      other: 2,
    });
  });

  it("counts what was served past its time by cause, and as a hit in the first Semcache's counter", async () => {
    const metrics = createMetrics();
    for (const stale of ["provider-5xx", "provider-5xx", "revalidating"] as const) {
      metrics.observe(sampleReport({ cacheStatus: "stale", stale }));
    }
    metrics.countRefresh("stored");
    const families = parsePrometheusText(await metrics.expose());
    expect(valueOf(families, "semcache_stale_answers_total", { cause: "provider-5xx" })).toBe(2);
    expect(valueOf(families, "semcache_stale_answers_total", { cause: "revalidating" })).toBe(1);
    expect(valueOf(families, "semcache_refreshes_total", { outcome: "stored" })).toBe(1);
    expect(valueOf(families, "semcache_cache_hit")).toBe(3);
    expect(valueOf(families, "semcache_cache_miss")).toBe(0);
    const labels = { route: "openai-chat-completions", cache_status: "stale", status: "200" };
    expect(valueOf(families, "semcache_requests_total", labels)).toBe(3);
  });

  it("counts bypasses neither as hits nor as misses", async () => {
    const metrics = createMetrics();
    metrics.observe(
      sampleReport({ cacheStatus: "bypass", match: null, reason: "stateful", savedTokens: null, savedMs: null }),
    );
    const families = parsePrometheusText(await metrics.expose());
    expect(valueOf(families, "semcache_cache_hit")).toBe(0);
    expect(valueOf(families, "semcache_cache_miss")).toBe(0);
    expect(valueOf(families, "semcache_bypasses_total", { reason: "stateful" })).toBe(1);
    expect(families.get("semcache_lookups_total")?.samples).toEqual([]);
  });

  it("counts reasons, errors, savings and phases", async () => {
    const metrics = createMetrics();
    metrics.observe(sampleReport());
    metrics.observe(
      sampleReport({ cacheStatus: "miss", match: null, reason: "joined", savedTokens: null, savedMs: null }),
    );
    metrics.observe(
      sampleReport({
        cacheStatus: "miss",
        match: null,
        reason: "guard-number",
        guard: [{ code: "guard-number", a: "1", b: "2", effect: "veto" }],
        similarity: 0.97,
        confidence: 0.42,
        status: 504,
        error: "upstream-headers-timeout",
        notStored: "status",
        savedTokens: null,
        savedMs: null,
      }),
    );
    metrics.countInvalidation(12);
    const families = parsePrometheusText(await metrics.expose());
    const at = (name: string, labels: Record<string, string> = {}) => valueOf(families, name, labels);
    expect(at("semcache_lookups_total", { match: "exact", reason: "none" })).toBe(1);
    expect(at("semcache_lookups_total", { match: "none", reason: "guard-number" })).toBe(1);
    expect(at("semcache_flights_joined_total")).toBe(1);
    expect(at("semcache_guard_findings_total", { code: "guard-number", effect: "veto" })).toBe(1);
    expect(at("semcache_errors_total", { code: "upstream-headers-timeout" })).toBe(1);
    expect(at("semcache_upstream_errors_total", { code: "upstream-headers-timeout" })).toBe(1);
    expect(at("semcache_not_stored_total", { reason: "status" })).toBe(1);
    expect(at("semcache_saved_tokens_total")).toBe(30);
    expect(at("semcache_saved_seconds_total")).toBeCloseTo(0.8125);
    expect(at("semcache_phase_seconds_count", { phase: "lookup" })).toBe(3);
    expect(at("semcache_phase_seconds_count", { phase: "relay" })).toBe(0);
    expect(at("semcache_confidence_bucket", { cache_status: "miss", le: "0.5" })).toBe(1);
    expect(at("semcache_confidence_bucket", { cache_status: "miss", le: "0.4" })).toBe(0);
    expect(at("semcache_invalidations_total")).toBe(1);
    expect(at("semcache_invalidated_entries_total")).toBe(12);
  });

  it("asks its sources at scrape time, and leaves out what is not there", async () => {
    const metrics = createMetrics();
    let entries = 1;
    const before = parsePrometheusText(await metrics.expose());
    expect(before.get("semcache_entries")?.samples).toEqual([]);
    metrics.connect({ store: () => ({ ...noStats, entries, maxBytes: 1_000, removed: { limit: entries * 2 } }) });
    metrics.connect({
      inference: () => ({ waiting: 3, running: 1 }),
      flights: () => ({ open: 2 }),
      log: () => ({ lostLines: 9 }),
    });
    await metrics.expose();
    entries = 5;
    const families = parsePrometheusText(await metrics.expose());
    expect(valueOf(families, "semcache_entries")).toBe(5);
    expect(valueOf(families, "semcache_evictions_total", { cause: "limit" })).toBe(10);
    expect(valueOf(families, "semcache_store_limit_bytes")).toBe(1_000);
    expect(families.get("semcache_entries_limit")?.samples).toEqual([]);
    expect(valueOf(families, "semcache_inference_waiting")).toBe(3);
    expect(valueOf(families, "semcache_flights_open")).toBe(2);
    expect(valueOf(families, "semcache_log_lines_lost_total")).toBe(9);
  });

  it("bounds its labels even if a caller's value got into a report", async () => {
    const metrics = createMetrics();
    for (let index = 0; index < 5_000; index++) metrics.observe(sampleReport({ route: `/made-up/${index}` }));
    metrics.observe(sampleReport({ route: "/x", status: 123_456 }));
    metrics.observe(sampleReport({ route: "/x", status: 0 }));
    const families = parsePrometheusText(await metrics.expose());
    expect(families.get("semcache_requests_total")?.samples.length).toBeLessThanOrEqual(2_001);
    expect(valueOf(families, "semcache_requests_total", { route: "other" })).toBe(3_002);
  });

  it("does not let a number that is none spoil a sum", async () => {
    const metrics = createMetrics();
    metrics.observe(sampleReport({ similarity: Number.NaN, durationMs: Number.POSITIVE_INFINITY }));
    const families = parsePrometheusText(await metrics.expose());
    expect(valueOf(families, "semcache_similarity_sum", { cache_status: "hit" })).toBe(0);
    expect(valueOf(families, "semcache_request_seconds_sum", { cache_status: "hit" })).toBe(0);
  });
});

const noStats = { entries: 0, bytes: 0, partitions: 0, maxEntries: null, maxBytes: null, removed: {} };
