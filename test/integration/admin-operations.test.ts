import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { SemcacheError } from "#semcache/base/errors.js";
import type { Readiness } from "#semcache/http/operator-route.js";
import { parsePrometheusText } from "../support/prometheus-text.ts";
import { sampleReport } from "../support/sample-report.ts";
import { startAdminServer } from "./admin-server.ts";

type AdminServer = Awaited<ReturnType<typeof startAdminServer>>;
const running: AdminServer[] = [];

async function start(options: Parameters<typeof startAdminServer>[0] = {}): Promise<AdminServer> {
  const server = await startAdminServer(options);
  running.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

/** `fetch` does not let a test choose Host. */
async function statusWith(port: number, headers: Record<string, string>, host = "127.0.0.1"): Promise<number> {
  const sent = request({ host, port, path: "/semcache/v1/admin/stats", headers, agent: false });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

describe("GET /ready and /health", () => {
  const states: readonly [Readiness, number, object][] = [
    [{ state: "ready", parts: [] }, 200, { status: "ready" }],
    [
      { state: "ready", parts: [{ name: "verifier", detail: "not there: hits need equal prompts" }] },
      200,
      { status: "degraded", parts: ["verifier"], details: { verifier: "not there: hits need equal prompts" } },
    ],
    [
      { state: "warming", parts: [{ name: "embedder", detail: "loading" }] },
      503,
      { status: "warming", parts: ["embedder"] },
    ],
    [{ state: "draining", parts: [] }, 503, { status: "draining" }],
  ];

  it.each(states)("%j is %i", async (readiness, status, body) => {
    const server = await start({ deps: { readiness: () => readiness } });
    const ready = await server.get("/ready");
    expect(ready.status).toBe(status);
    expect(ready.json).toMatchObject(body);
    expect(ready.headers.get("retry-after")).toBe(readiness.state === "draining" ? "1" : null);
    const health = await server.get("/health");
    expect([health.status, health.json.status]).toEqual([200, "ok"]);
  });

  it("needs no token", async () => {
    const server = await start({ adminToken: "t" });
    for (const path of ["/", "/health", "/ready", "/metrics", "/admin"])
      expect((await server.get(path)).status).toBe(200);
    for (const path of ["/dashboard-metrics", "/semcache/v1/admin/stats", "/semcache/v1/admin/entries"]) {
      const { status, headers } = await server.get(path);
      expect([status, headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="semcache"']);
      expect((await server.get(path, { headers: { authorization: "Bearer t" } })).status).toBe(200);
    }
  });
});

describe("GET /", () => {
  it("tells what this is and where to point an SDK", async () => {
    const { status, json } = await (await start()).get("/");
    expect(status).toBe(200);
    expect(json).toMatchObject({ name: "semcache", version: "9.9.9", status: "ready" });
    expect(json.usage).toContain("base_url");
  });
});

describe("GET /metrics", () => {
  it("is Prometheus text", async () => {
    const server = await start();
    server.metrics.observe(sampleReport());
    const { status, headers, text } = await server.get("/metrics");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const families = parsePrometheusText(text);
    expect(families.get("semcache_cache_hit")?.samples[0]?.value).toBe(1);
    expect(families.get("semcache_cache_size")?.samples[0]?.value).toBe(0);
  });
});

describe("GET /dashboard-metrics", () => {
  it("gives numbers in the first Semcache's shape, and ours", async () => {
    const server = await start();
    server.totals.add(sampleReport());
    const { json } = await server.get("/dashboard-metrics");
    expect(json.metrics).toContainEqual({ name: "Requests", value: 1, chart_type: "line" });
    expect(new Date(json.timestamp).getTime()).toBeGreaterThan(0);
    expect(json.stats.totals.hits).toEqual({ exact: 1, semantic: 0 });
  });
});

describe("operator access on real sockets", () => {
  it("serves loopback by name and number, and refuses other names and proxies", async () => {
    const { port } = await start();
    expect(await statusWith(port, { host: `127.0.0.1:${port}` })).toBe(200);
    expect(await statusWith(port, { host: `localhost:${port}` })).toBe(200);
    expect(await statusWith(port, { host: `rebound.example:${port}` })).toBe(403);
    expect(await statusWith(port, { host: `localhost:${port}`, "x-forwarded-for": "127.0.0.1" })).toBe(403);
    expect(await statusWith(port, { host: `localhost:${port}`, origin: "https://evil.example" })).toBe(403);
    expect(await statusWith(port, { host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
  });

  it("is off where others can connect and no token is set, also for loopback", async () => {
    const server = await start({ listenHost: "0.0.0.0" });
    expect(await statusWith(server.port, { host: `localhost:${server.port}` })).toBe(403);
    expect((await server.get("/health")).status).toBe(200);
    const locked = await start({ listenHost: "0.0.0.0", adminToken: "t" });
    expect(await statusWith(locked.port, { host: "cache.example", authorization: "Bearer t" })).toBe(200);
  });
});

describe("a store that cannot be written", () => {
  it("is told to whoever invalidates, with the reason, as something that a retry may mend", async () => {
    const full = new SemcacheError("store-failed", "Cannot write to the store: the disk is full");
    const server = await start({
      deps: {
        store: {
          kind: "memory",
          get: async () => null,
          list: async () => ({ entries: [], next: null }),
          delete: async () => Promise.reject(full),
          stats: () => {
            throw full;
          },
        },
      },
    });
    const { status, json, headers } = await server.post("/semcache/v1/admin/invalidate", { all: true });
    expect([status, headers.get("x-semcache-error")]).toEqual([503, "store-failed"]);
    expect(json).toMatchObject({ error: { message: "Cannot write to the store: the disk is full" } });
  });
});
