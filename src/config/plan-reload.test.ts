import { describe, expect, it } from "vitest";
import { SemcacheError } from "../base/errors.ts";
import { toConfig } from "./config.ts";
import type { LoadedConfig } from "./load.ts";
import { planReload, reloadable } from "./plan-reload.ts";
import { configSchema } from "./schema.ts";

const settingsOf = (tree: object = {}) => configSchema.parse(tree);

function loaded(tree: object): LoadedConfig {
  const settings = settingsOf(tree);
  return { settings, config: toConfig(settings), source: "semcache.yaml", notes: [], warnings: [] };
}

const plan = (before: object, after: object) => planReload(settingsOf(before), loaded(after));

describe("planReload", () => {
  it("takes over what a running server can change, and names it", () => {
    const { config, changed, needRestart } = plan(
      {},
      { cache: { ttl: "1h" }, upstream: { allow: ["http://10.0.0.5:11434"] }, telemetry: { log_level: "warn" } },
    );
    expect([...changed].sort()).toEqual(["cache.ttl", "telemetry.log_level", "upstream.allow"]);
    expect(needRestart).toEqual([]);
    expect(config).toEqual(
      loaded({
        cache: { ttl: "1h" },
        upstream: { allow: ["http://10.0.0.5:11434"] },
        telemetry: { log_level: "warn" },
      }).config,
    );
  });

  it("keeps what only a restart changes as it was, names it, and takes the rest over", () => {
    const before = { server: { port: 8080 }, store: { path: "./a" }, cache: { ttl: "1h" } };
    const { config, settings, changed, needRestart } = plan(before, {
      server: { port: 9090, admin_token: "new" },
      store: { path: "./b" },
      cache: { ttl: "2h", tenancy: "shared", eviction_policy: { policy_type: "entry_limit", value: 5 } },
    });
    expect([...needRestart].sort()).toEqual(["cache.eviction_policy", "cache.tenancy", "server.port", "store.path"]);
    expect([...changed].sort()).toEqual(["cache.ttl", "server.admin_token"]);
    expect(config.server).toMatchObject({ port: 8080, adminToken: "new" });
    expect(config.store.path).toBe("./a");
    expect(config.cache).toMatchObject({ ttlMs: 7_200_000, tenancy: "credential", maxEntries: null });
    // The next reload compares with what is in effect: what needs a restart is told again.
    expect(planReload(settings, loaded({ server: { port: 9090, admin_token: "new" } })).needRestart).toContain(
      "server.port",
    );
  });

  it("all of matching changes but the length of its queue", () => {
    const judge = { url: "http://127.0.0.1:1/v1", model: "a" };
    const matching = Object.keys(settingsOf().matching).filter(
      (name) => !reloadable.some((path) => path === `matching.${name}`),
    );
    expect(matching).toEqual(["max_queue"]);
    for (const [before, after] of [
      [{}, { matching: { judge } }],
      [{ matching: { judge } }, { matching: { judge: { ...judge, model: "b" } } }],
      [{ matching: { judge } }, {}],
    ] as const) {
      const { config, needRestart } = plan(before, after);
      expect(needRestart).toEqual([]);
      expect(config.matching.judge).toEqual(loaded(after).config.matching.judge);
    }
  });

  it("a setting that is taken out of the file goes back to its default", () => {
    const { config, changed } = plan({ matching: { max_error_rate: 0.001 } }, {});
    expect(changed).toEqual(["matching.max_error_rate"]);
    expect(config.matching.maxErrorRate).toBe(0.01);
  });

  it("a file that says the same in another way changes nothing", () => {
    const policy = { policy_type: "entry_limit", value: 5 };
    const { changed, needRestart } = plan(
      { matching: { guard: true }, cache: { eviction_policy: policy, vary_headers: ["x-a"] } },
      { cache: { vary_headers: ["x-a"], eviction_policy: policy }, matching: { guard: "on" } },
    );
    expect([changed, needRestart]).toEqual([[], []]);
  });

  it("refuses settings that do not go together with one that waits for a restart", () => {
    const change = () => plan({}, { cache: { max_stale: "3h", stale_if_error: "2h" } });
    expect(change).toThrow(SemcacheError);
    expect(change).toThrow(/cache\.stale_if_error.*cache\.max_stale cannot change before/u);
  });

  it("the list of what can change names settings that there are", () => {
    const settings = settingsOf({ cache: { eviction_policy: { policy_type: "entry_limit", value: 5 } } });
    for (const path of reloadable) {
      const value = path.split(".").reduce<unknown>((tree, key) => (tree as Record<string, unknown>)[key], settings);
      expect(value, path).not.toBe(undefined);
    }
  });
});
