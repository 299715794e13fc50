import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
import { Command, run, type CommandOptions, type Finished } from "../support/command.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

const TOKEN = "operators-token";
const TENANT_SECRET = "a secret that only tests have";
let semcache: RunningSemcache;
let folder = "";

beforeAll(async () => {
  semcache = await startSemcache("http://127.0.0.1:9", { server: { admin_token: TOKEN } });
  folder = await mkdtemp(join(tmpdir(), "semcache-entries-"));
});
afterAll(async () => {
  await semcache?.close();
  await rm(folder, { recursive: true, force: true });
});

/** `semcache entries` against the running server. */
function entries(args: readonly string[], options?: CommandOptions): Promise<Finished> {
  return run(["entries", ...args, "--url", semcache.url, "--token", TOKEN], options);
}

const linesOf = ({ stdout }: Finished) =>
  stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const faq = `key,data,tags
"What is your refund policy?","Within 30 days, ""no questions"" asked.",faq
How do I reset my password?,"Click
the link","faq,account"
`;

/** What `POST /semcache/v1/get` finds. */
async function get(port: number, key: string, namespace: string, headers: readonly [string, string][] = []) {
  const answer = await ask(port, { path: "/semcache/v1/get", headers, body: { key, namespace } });
  return [answer.outcome, answer.text];
}

describe("against a running server", () => {
  const token: [string, string] = ["authorization", `Bearer ${TOKEN}`];

  it("warms from a FAQ, lists, shows, deletes", async () => {
    const file = { files: { "faq.csv": faq } };
    const imported = await entries(["import", "faq.csv", "--namespace", "warm", "--ttl", "12h"], file);
    expect(imported).toMatchObject({ code: 0, stdout: "", stderr: `stored 2 entries in ${semcache.url}\n` });
    const listed = linesOf(await entries(["list", "--namespace", "warm"]));
    expect(listed.map(({ prompt, tags, tenant, match }) => [prompt, tags, tenant, match]).toSorted()).toEqual([
      ["How do I reset my password?", ["faq", "account"], "anonymous", "semantic"],
      ["What is your refund policy?", ["faq"], "anonymous", "semantic"],
    ]);
    for (const { createdAt, expiresAt } of listed) {
      expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(12 * 3_600_000);
    }
    const tagged = linesOf(await entries(["list", "--namespace", "warm", "--tag", "account", "--json"]));
    expect(tagged).toHaveLength(1);
    expect(linesOf(await entries(["list", "--namespace", "warm", "--limit", "1"]))).toHaveLength(1);
    expect(linesOf(await entries(["list", "--namespace", "warm", "--older-than", "1h"]))).toEqual([]);

    const [{ id }] = tagged as [{ id: string }];
    const shown = await entries(["show", id]);
    expect(shown.stdout).toContain("prompt\nHow do I reset my password?\n\nanswer\nClick\nthe link\n");
    expect(linesOf(await entries(["show", id, "--json"]))).toMatchObject([{ id, answer: { text: "Click\nthe link" } }]);
    const deleted = await entries(["delete", id, "nothing-of-this-name"]);
    expect(deleted).toMatchObject({
      code: 1,
      stdout: `deleted ${id}\n`,
      stderr: 'semcache: Cannot delete entry "nothing-of-this-name": it is not in the cache\n',
    });
    expect(await entries(["show", id])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `semcache: Cannot find entry "${id}": it is not in the cache\n`,
    });
  });

  it("warms for the client whose credential is in a variable, and for nobody else", async () => {
    const input = '{"key":"How do I reset my password?","data":"Click"}\n';
    const args = ["import", "-", "--namespace", "mine", "--credential-env", "KEY"];
    // put and get of the server take the operator's token as the credential.
    const imported = await entries(args, { input, env: { KEY: TOKEN } });
    expect(imported.code).toBe(0);
    expect(await get(semcache.port, "How do I reset my password?", "mine", [token])).toEqual(["hit/exact", "Click"]);
    expect(await get(semcache.port, "How can I reset my password?", "mine", [token])).toEqual([
      "hit/semantic",
      "Click",
    ]);
    const missing = await entries(args, { input });
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("the variable KEY") });
  });

  it("exports and imports what it exported, through files and pipes", async () => {
    await entries(["import", "-", "--namespace", "moved", "--format", "faq"], { input: faq });
    const path = join(folder, "moved.jsonl");
    const exported = await entries(["export", path, "--namespace", "moved", "--vectors"]);
    expect(exported).toMatchObject({ code: 0, stdout: "" });
    expect(exported.stderr).toMatch(/^exported 2 entries \(\d+\.\d kB\) to .*moved\.jsonl\n$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, "utf8");
    const piped = await entries(["export", "-", "--namespace", "moved", "--vectors"]);
    expect(piped).toMatchObject({ code: 0, stdout: text, stderr: "" });
    expect(await entries(["flush", "--namespace", "moved", "--yes"])).toMatchObject({ code: 0 });
    expect(linesOf(await entries(["list", "--namespace", "moved"]))).toEqual([]);
    const imported = await entries(["import", "-", "--json"], { input: text });
    expect(linesOf(imported)).toEqual([{ lines: 2, stored: 2, skipped: {}, refused: 0, faults: [] }]);
    const again = await entries(["export", "--namespace", "moved", "--vectors"]);
    const known = (jsonl: string) =>
      jsonl
        .split("\n")
        .filter(Boolean)
        .map((line) => ({ ...JSON.parse(line), hits: 0, last_used_at_ms: 0 }))
        .toSorted((one, other) => (one.id < other.id ? -1 : 1));
    expect(known(again.stdout)).toEqual(known(text));
    expect(await entries(["import", path])).toMatchObject({ code: 0, stderr: expect.stringContaining("2 unchanged") });
  });

  it("flushes what was agreed to, and says first how much that is", async () => {
    await entries(["import", "-", "--namespace", "flushed", "--format", "faq"], { input: faq });
    const dry = await entries(["flush", "--namespace", "flushed", "--tag", "account", "--dry-run"]);
    expect(dry.stdout).toMatch(/^would delete 1 entry \(\d/);
    const refused = await entries(["flush", "--namespace", "flushed"]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(/^semcache: Cannot flush: it would delete 2 entries \(.*; say --yes, or --dry-run/);
    expect(linesOf(await entries(["list", "--namespace", "flushed"]))).toHaveLength(2);
    const done = await entries(["flush", "--namespace", "flushed", "--tag", "account", "--yes"]);
    expect(done.stdout).toMatch(/^deleted 1 entry /);
    expect(linesOf(await entries(["list", "--namespace", "flushed"]))).toHaveLength(1);
  });

  it("goes on behind lines that are wrong and tells where they are, unless it is to be strict", async () => {
    const input = 'key,data,ttl\n"a\nb",x,\nc,x,soon\n,x,\nd,x,-1\ne,x,\n';
    const args = ["import", "-", "--namespace", "faults"];
    const lenient = await entries(args, { input });
    expect(lenient).toMatchObject({
      code: 1,
      stderr: [
        `stored 2 entries in ${semcache.url}; refused 3 lines`,
        'line 4: ttl: "soon" is not a number of seconds',
        "line 5: key: is empty",
        "line 6: ttl: must be a positive number of seconds",
        "",
      ].join("\n"),
    });
    await entries(["flush", "--namespace", "faults", "--yes"]);
    const strict = await entries([...args, "--strict", "--json"], { input });
    expect(strict.code).toBe(1);
    expect(linesOf(strict)).toMatchObject([{ stored: 1, refused: 1, faults: [{ line: 4 }] }]);
    const torn = await entries(args, { input: 'key,data\nz,y\n"a' });
    expect(torn.code).toBe(1);
    expect(torn.stderr).toMatch(/stored [01] entr(?:y|ies)/);
    expect(torn.stderr).toContain(
      "semcache: Cannot read the CSV: Quote Not Closed: the parsing is finished with an opening quote at line 3",
    );
  });

  it("warns of entries that nothing here can match", async () => {
    await entries(["import", "-", "--namespace", "far", "--credential-env", "KEY"], { input: faq, env: { KEY: "k" } });
    const { stdout } = await entries(["export", "--namespace", "far"]);
    const elsewhere = stdout.replaceAll(/"deployment":"[^"]*"/g, '"deployment":"elsewhere"');
    const imported = await entries(["import", "-"], { input: elsewhere });
    expect(imported.code).toBe(1);
    expect(imported.stderr).toContain("skipped 2 foreign");
    expect(imported.stderr).toContain("warning: 2 entries come from a deployment with another tenant secret");
  });

  it("imports more than one request may carry, with the lines of the file", async () => {
    const rows = Array.from({ length: 10_050 }, (_, index) => {
      if (index === 10_020) return "nonsense";
      return JSON.stringify({ semcache_put: 1, key: `today ${index}`, data: "d", namespace: "many" });
    });
    const imported = await entries(["import", "-", "--json"], { input: rows.join("\n") });
    expect(linesOf(imported)).toEqual([
      { lines: 10_050, stored: 10_049, skipped: {}, refused: 1, faults: [{ line: 10_021, message: "it is not JSON" }] },
    ]);
    const listed = await entries(["list", "--namespace", "many"]);
    expect(new Set(linesOf(listed).map(({ id }) => id)).size).toBe(10_049);
    const { stdout } = await entries(["export", "--namespace", "many"]);
    expect(stdout.split("\n")).toHaveLength(10_050);
    // A reader that has enough leaves; what it got were whole lines.
    const head = await shell(`entries export --namespace many --url ${semcache.url} --token ${TOKEN}`, "head -n 2");
    expect(head.stdout.trim().split("\n")).toHaveLength(2);
    expect(head.stderr).toMatch(
      /^semcache: Stopped: standard output was closed after [\d,]+ entr(?:y|ies) \(.*\); what was written is not whole\n$/,
    );
    const few = await shell(`entries list --namespace many --url ${semcache.url} --token ${TOKEN}`, "head -n 2");
    expect([few.stdout.trim().split("\n").length, few.stderr]).toEqual([2, ""]);
    await entries(["flush", "--namespace", "many", "--yes"]);
  });

  it("tells of wrong usage in one line", async () => {
    const { code, stdout, stderr } = await entries(["list", "--older-than", "soon"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe('semcache: Cannot run: --older-than is "soon", expected a duration such as 30m, 12h or 7d\n');
  });

  it("that is interrupted stores what came before, and says so, though more may come", async () => {
    const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
    const args = ["entries", "import", "-", "--url", semcache.url, "--token", TOKEN, "--namespace", "stopped"];
    const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: ["pipe", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.write('{"key":"today 1","data":"d"}\n{"key":"today 2","data":"d"}\n{"key":"tod');
    const count = async () => linesOf(await entries(["list", "--namespace", "stopped"])).length;
    while ((await count()) < 2);
    child.kill("SIGINT");
    const [code] = (await once(child, "close")) as [number | null];
    expect([code, stderr]).toEqual([
      1,
      `stored 2 entries in ${semcache.url}\nsemcache: Stopped: interrupted after line 2\n`,
    ]);
    expect(await count()).toBe(2);
  });

  it.each<[readonly string[], string]>([
    [["import", "missing.csv"], "semcache: Cannot read missing.csv: ENOENT"],
    [["import", "."], "semcache: Cannot read .: it is a folder"],
    [["export", "no/such/folder/x"], "semcache: Cannot write no/such/folder/x: ENOENT"],
  ])("%j fails in one line", async (args, told) => {
    const { code, stdout, stderr } = await entries(args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^semcache: [^\n]+\n$/);
    expect(stderr).toContain(told);
  });

  it("says what is wrong with the token, and that nobody is there", async () => {
    const denied = await run(["entries", "list", "--url", semcache.url]);
    expect(denied).toMatchObject({ code: 1, stdout: "" });
    expect(denied.stderr).toMatch(
      /^semcache: Cannot use this route: no token; .*--token or SEMCACHE_SERVER__ADMIN_TOKEN\n$/,
    );
    const env = { SEMCACHE_SERVER__ADMIN_TOKEN: TOKEN };
    expect((await run(["entries", "list", "--url", semcache.url, "--limit", "1"], { env })).code).toBe(0);
    for (const action of [["list"], ["export"], ["flush", "--all", "--yes"], ["delete", "x"]]) {
      const { code, stderr } = await run(["entries", ...action, "--url", "http://127.0.0.1:9"]);
      expect([code, stderr]).toEqual([
        1,
        "semcache: Cannot reach Semcache at http://127.0.0.1:9: ECONNREFUSED; is it running there?\n",
      ]);
    }
    const imported = await run(["entries", "import", "-", "--url", "http://127.0.0.1:9"], { input: faq });
    expect(imported.code).toBe(1);
    expect(imported.stderr).toContain("ECONNREFUSED");
    const wrong = await run(["entries", "list", "--url", "localhost:8080"]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--url is "localhost:8080"') });
  });
});

describe("a server that breaks off", () => {
  it("leaves no file that looks whole, and says how far an interrupted export got", async () => {
    let answer: ServerResponse | undefined;
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.write('{"semcache_entry":1}\n');
      answer = response;
      server.emit("exporting");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const into = await mkdtemp(join(folder, "broken-"));
    const path = join(into, "x.jsonl");
    await writeFile(path, "what was there");

    const broken = new Command(["entries", "export", path, "--url", url]);
    await once(server, "exporting");
    answer?.destroy();
    const { code, stderr } = await broken.finished;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^semcache: Cannot reach Semcache at [^\n]+\n$/)]);

    const interrupted = new Command(["entries", "export", path, "--url", url]);
    await once(server, "exporting");
    interrupted.process.kill("SIGINT");
    const ended = await interrupted.finished;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /^semcache: Stopped: interrupted after \d+ entr(?:y|ies) \(.*\); .*x\.jsonl was not written\n$/,
    );
    expect([await readdir(into), await readFile(path, "utf8")]).toEqual([["x.jsonl"], "what was there"]);
    server.closeAllConnections();
    server.close();
  });
});

describe("on a folder at rest", () => {
  const env = { SEMCACHE_CACHE__TENANT_SECRET: TENANT_SECRET };

  it("is warmed, read, moved and flushed without a server; a server then answers from it, and is asked itself", async () => {
    const data = join(folder, "data");
    const missing = await run(["entries", "list", "--data", data]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no such folder") });
    const imported = await run(["entries", "import", "-", "--data", data, "--namespace", "rest"], { env, input: faq });
    expect(imported).toMatchObject({ code: 0, stderr: `stored 2 entries in ${data}\n` });
    // Whoever only looks evicts nothing, whatever the limits are where he looks.
    const strict = { ...env, SEMCACHE_CACHE__EVICTION_POLICY: '{"policy_type":"entry_limit","value":1}' };
    expect(linesOf(await run(["entries", "list", "--data", data], { env: strict }))).toHaveLength(2);
    expect(linesOf(await run(["entries", "list", "--data", data], { env }))).toHaveLength(2);
    const { stdout } = await run(["entries", "export", "--vectors", "--data", data], { env });
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).match),
    ).toEqual(["semantic", "semantic"]);

    const port = await freePort();
    const flags = ["--host", "127.0.0.1", "--port", String(port), "--data", data];
    const server = new Command(["serve", ...flags], { env });
    await server.listening();
    await untilReady(port);
    expect(await get(port, "How can I reset my password?", "rest")).toEqual(["hit/semantic", "Click\nthe link"]);
    const own = { ...env, SEMCACHE_SERVER__HOST: "127.0.0.1", SEMCACHE_SERVER__PORT: String(port) };
    // Its folder is its own: the same command goes through its API.
    const lost = await run(["entries", "list", "--data", data, "--config", "other.yaml"], {
      files: { "other.yaml": "server: { host: 127.0.0.1, port: 9 }" },
    });
    expect(lost.stderr).toBe(
      `semcache: Cannot reach Semcache at http://127.0.0.1:9: ECONNREFUSED; ${data} is open in another process: name its address with --url\n`,
    );
    const dry = await run(["entries", "flush", "--all", "--dry-run", "--data", data], { env: own });
    expect(dry.stdout).toMatch(/^would delete 2 entries \(.*\) of http:\/\/127\.0\.0\.1:\d+\n$/);
    server.process.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);

    const moved = join(folder, "moved");
    const there = await run(["entries", "import", "-", "--data", moved], { env, input: stdout });
    expect(there).toMatchObject({ code: 0, stderr: `stored 2 entries in ${moved}\n` });
    const again = await run(["entries", "export", "--vectors", "--data", moved], { env });
    const sorted = (text: string) =>
      text
        .replaceAll(/"last_used_at_ms":[\d.]+|"hits":\d+/g, "")
        .split("\n")
        .toSorted();
    expect(sorted(again.stdout)).toEqual(sorted(stdout));
    expect((await run(["entries", "flush", "--tag", "account", "--yes", "--data", moved], { env })).code).toBe(0);
    const [left] = (await run(["entries", "list", "--data", moved], { env })).stdout.trim().split("\n");
    const { id, prompt } = JSON.parse(left ?? "");
    expect(prompt).toBe("What is your refund policy?");
    expect((await run(["entries", "show", id, "--data", moved], { env })).code).toBe(0);
    expect((await run(["entries", "delete", id, "--data", moved], { env })).code).toBe(0);
    expect((await run(["entries", "list", "--data", moved], { env })).stdout).toBe("");
  }, 120_000);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilReady(port: number): Promise<void> {
  for (;;) {
    const { statusCode } = await ask(port, { method: "GET", path: "/ready" }).then(({ status }) => ({
      statusCode: status,
    }));
    if (statusCode === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** `semcache <args> | <reader>` in a shell; what the command itself says on standard error. */
async function shell(args: string, reader: string): Promise<{ stdout: string; stderr: string }> {
  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const child = spawn("/bin/sh", ["-c", `"${process.execPath}" "${main}" ${args} | ${reader}`], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await once(child, "close");
  return { stdout, stderr };
}
