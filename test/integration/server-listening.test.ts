import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { networkInterfaces, totalmem } from "node:os";
import { describe, expect, it } from "vitest";
import { createApp } from "#semcache/app.js";
import { defaultMemoryLimitMb } from "#semcache/config/config.js";
import { loadConfig } from "#semcache/config/load.js";
import { startImitationProvider } from "../support/imitation-provider.ts";
import { LogCollector } from "../support/log-collector.ts";
import { startSemcache } from "../support/semcache.ts";

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));
if (!hasIpv6)
  process.stderr.write(
    "Skipped: tests of ::1, because this machine has no IPv6 loopback (ip addr add ::1/128 dev lo)\n",
  );

const status = async (url: string): Promise<number> => (await fetch(`${url}/health`)).status;

describe("server.host localhost", () => {
  it.skipIf(!hasIpv6)("listens on both loopbacks, at one port, with the same cache", async () => {
    const provider = await startImitationProvider();
    const semcache = await startSemcache(provider.url, { server: { host: "localhost", port: 0 } });
    const outcomes: (string | null)[] = [];
    for (const host of ["127.0.0.1", "[::1]", "localhost"]) {
      const answer = await fetch(`http://${host}:${semcache.port}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Which loopback is this?" }] }),
      });
      await answer.arrayBuffer();
      outcomes.push(answer.headers.get("x-cache-status"));
      // The admin API takes both for this machine.
      expect((await fetch(`http://${host}:${semcache.port}/semcache/v1/admin/stats`)).status).toBe(200);
    }
    expect(outcomes).toEqual(["miss", "hit", "hit"]);
    await semcache.close();
    await expect(status(`http://[::1]:${semcache.port}`)).rejects.toThrow("fetch failed");
    await provider.close();
  });

  it.skipIf(!hasIpv6)(
    "does not start where another program has the port on ::1: half of the clients would go there",
    async () => {
      const other = createServer().listen(0, "::1");
      await once(other, "listening");
      const { port } = other.address() as AddressInfo;
      const { config } = loadConfig({ env: {}, workingFolder: import.meta.dirname, overrides: { server: { port } } });
      const app = await createApp(config, { logStream: new LogCollector() });
      await expect(app.listen()).rejects.toMatchObject({
        code: "listen-failed",
        message: expect.stringContaining("::1"),
      });
      await expect(status(`http://127.0.0.1:${port}`)).rejects.toThrow("fetch failed");
      other.close();
    },
  );

  it.skipIf(!hasIpv6)("is not what 127.0.0.1 means", async () => {
    const semcache = await startSemcache("http://127.0.0.1:1", { server: { host: "127.0.0.1" } });
    expect(await status(semcache.url)).toBe(200);
    await expect(status(`http://[::1]:${semcache.port}`)).rejects.toThrow("fetch failed");
    await semcache.close();
  });
});

describe("defaults of the server", () => {
  it("connections are kept longer than a load balancer keeps them", async () => {
    const semcache = await startSemcache("http://127.0.0.1:1");
    const answer = await fetch(`${semcache.url}/health`);
    expect(answer.headers.get("keep-alive")).toBe("timeout=75");
    await semcache.close();
  });

  it("the cache takes at most a quarter of the memory that the process may use", async () => {
    expect(defaultMemoryLimitMb() * 4).toBeLessThanOrEqual(totalmem() / 1_048_576);
    const semcache = await startSemcache("http://127.0.0.1:1");
    const stats = (await (await fetch(`${semcache.url}/semcache/v1/admin/stats`)).json()) as object;
    expect(stats).toMatchObject({ store: { maxBytes: defaultMemoryLimitMb() * 1_048_576, maxEntries: null } });
    await semcache.close();
  });
});
