import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { run } from "../support/command.ts";

const oneLine = /^semcache: Cannot [^\n]+[^.\n]\n$/u;

describe("help and version", () => {
  it.each([["--help"], ["-h"], ["help"]])("%s names every command", async (flag) => {
    const { code, stdout, stderr } = await run([flag]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const word of ["serve", "demo", "similarity", "config check|print", "--port", "--config", "--version"]) {
      expect(stdout).toContain(word);
    }
  });

  it("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await run(["--version"])).toMatchObject({ code: 0, stdout: `semcache ${version}\n`, stderr: "" });
  });
});

describe("wrong usage is one line and exit code 2", () => {
  it.each([
    [["fly"], "unknown command"],
    [["--fly"], "--fly"],
    [["serve", "--port"], "--port"],
    [["serve", "--port", "http"], "--port"],
    [["serve", "--port", "70000"], "server.port"],
    [["serve", "now"], "now"],
    [["--data", "x", "--in-memory"], "--in-memory"],
    [["--log-level", "loud"], "telemetry.log_level"],
    [["config"], "check or print"],
    [["config", "destroy"], "destroy"],
    [["similarity", "one"], "two prompts"],
    [["similarity", "a", "b", "c"], "two prompts"],
    [["demo", "--for-ever"], "--for-ever"],
    [["demo", "--port", "http"], "--port"],
    [["demo", "--log-level", "loud"], "telemetry.log_level"],
    [["--config", "missing.yaml"], "missing.yaml"],
  ])("%j", async (args, told) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^semcache: [^\n]+\n$/u);
    expect(stderr).toContain(told);
  });
});

describe("wrong configuration is one line with key, value and what is allowed, and exit code 2", () => {
  it.each([
    ["cache: { ttl: soon }", ["cache.ttl", '"soon"', "7d"]],
    ["cache: { tll: 7d }", ["cache.tll", "cache.ttl"]],
    ["cachee: {}", ["cachee", "cache"]],
    ["server: { port: 80801 }", ["server.port", "80801", "65535"]],
    ["store: { kind: redis }", ["store.kind", "redis", "memory"]],
    ["upstream: { allow: [10.0.0.5] }", ["upstream.allow", '"10.0.0.5"', "http://10.0.0.5:11434"]],
    ["a: [", ["semcache.yaml"]],
  ])("%s", async (text, told) => {
    for (const args of [["config", "check"], ["serve"]]) {
      const { code, stdout, stderr } = await run(args, { files: { "semcache.yaml": text } });
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(oneLine);
      for (const part of told) expect(stderr).toContain(part);
    }
  });

  it("a secret is not repeated", async () => {
    const { code, stderr } = await run(["config", "check"], {
      files: { "semcache.yaml": "cache: { tenant_secret: hush }" },
    });
    expect(code).toBe(2);
    expect(stderr).not.toContain("hush");
  });

  it("in a variable too", async () => {
    const { code, stderr } = await run(["config", "check"], { env: { SEMCACHE_SERVER__PORT: "many" } });
    expect(code).toBe(2);
    expect(stderr).toContain("server.port");
  });
});

describe("config check and print", () => {
  const files = {
    "semcache.yaml":
      "server: { port: 9000, admin_token: the-admin-token }\ncache: { tenant_secret: the-tenant-secret-1, ttl: 3d }\n",
  };

  it("check says which file is good", async () => {
    expect(await run(["config", "check"])).toMatchObject({ code: 0, stdout: "ok: defaults (no configuration file)\n" });
    const { code, stdout } = await run(["config", "check"], { files });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok: .*semcache\.yaml\n$/u);
  });

  it("print shows what is in effect, flags over environment over file over defaults, and no secret", async () => {
    const env = { SEMCACHE_SERVER__PORT: "9001", SEMCACHE_CACHE__TTL: "4d" };
    const { code, stdout } = await run(["config", "print", "--port", "9002"], { files, env });
    expect(code).toBe(0);
    expect(stdout).toContain("port: 9002");
    expect(stdout).toContain("ttl: 4d");
    expect(stdout).toContain("max_ttl: 30d");
    expect(stdout).not.toMatch(/the-admin-token|the-tenant-secret/u);
  });

  it("what it prints is a configuration", async () => {
    const { stdout } = await run(["config", "print"], { files: { "semcache.yaml": "cache: { ttl: 3d }" } });
    const again = await run(["config", "print"], { files: { "semcache.yaml": stdout } });
    expect(again.code).toBe(0);
    expect(parse(again.stdout)).toEqual(parse(stdout));
  });

  it("the first Semcache's file and variables work; an unknown variable is told of", async () => {
    const legacy = { "config.yaml": "port: 8181\nlog_level: warn\nsimilarity_threshold: 0.95\n" };
    const { code, stdout, stderr } = await run(["config", "print"], { files: legacy, env: { SEMCACHE_FLY: "1" } });
    expect(code).toBe(0);
    expect(stdout).toContain("port: 8181");
    expect(stdout).toContain("log_level: warn");
    expect(stderr).toContain("SEMCACHE_FLY");
    expect(stderr).toMatch(/similarity_threshold/u);
  });

  it("another product's config.yaml is left alone", async () => {
    const { code, stdout } = await run(["config", "check"], { files: { "config.yaml": "model_list: []\n" } });
    expect([code, stdout]).toEqual([0, "ok: defaults (no configuration file)\n"]);
  });
});

describe("a port that is taken", () => {
  it("is one line, and exit code 1", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    for (const command of ["serve", "demo"]) {
      const { code, stderr } = await run([command, "--host", "127.0.0.1", "--port", String(port)]);
      expect(stderr).toBe(
        `semcache: Cannot listen on 127.0.0.1 port ${port}: the port is taken; choose another with --port or server.port\n`,
      );
      expect(code).toBe(1);
    }
    server.close();
  });
});

describe("similarity", () => {
  it("prints the judgement of a pair, as JSON on request", async () => {
    const pair = ["How do I reset my password?", "How can I reset my password?"];
    const text = await run(["similarity", ...pair]);
    expect([text.code, text.stderr]).toEqual([0, ""]);
    expect(text.stdout).toMatch(/^verdict +hit\nsimilarity +0\.9\d+ /u);
    const { code, stdout } = await run(["similarity", "--json", ...pair]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: "hit",
      reason: null,
      similarity: expect.any(Number),
      compared: "prompts",
      confidence: expect.any(Number),
      maxErrorRate: 0.01,
      guard: [],
    });
    const other = await run([
      "similarity",
      "Convert 10 miles to kilometers",
      "Convert 20 miles to kilometers",
      "--json",
    ]);
    expect(JSON.parse(other.stdout)).toMatchObject({ verdict: "miss", reason: "guard-number" });
  });

  it("judges with what a server over the same data folder was told, and changes nothing there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "semcache-cli-"));
    const path = join(folder, "state.jsonl");
    const told = '{"k":"step/all/1","v":{}}\n{"k":"closed/some-partition","v":{}}\n';
    await writeFile(path, told);
    const pair = ["How do I reset my password?", "How can I reset my password?", "--json", "--data", folder];
    const common = await run(["similarity", ...pair]);
    expect(JSON.parse(common.stdout)).toMatchObject({ maxErrorRate: 0.005 });
    const named = await run(["similarity", ...pair, "--partition", "some-partition"]);
    expect(JSON.parse(named.stdout)).toMatchObject({ verdict: "miss", reason: "guard-reported", maxErrorRate: 0.005 });
    expect([await readFile(path, "utf8"), await readdir(folder)]).toEqual([told, ["state.jsonl"]]);
    await rm(folder, { recursive: true });
  });
});
