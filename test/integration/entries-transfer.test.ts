import { once } from "node:events";
import { request as openRequest, type IncomingMessage } from "node:http";
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { encodeEntryLine, readEntryLine } from "#semcache/transfer/entry-line.js";
import type { CacheEntry } from "#semcache/model/cache-entry.js";
import type { ExactKey, PartitionKey, TenantId } from "#semcache/model/keys.js";
import { NOW_MS, sampleEntry, startAdminServer } from "./admin-server.ts";

const admin = "/semcache/v1/admin";
const ndjson = { "content-type": "application/x-ndjson" };
const DAY_MS = 86_400_000;
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

function entry(letter: string, changes: Partial<CacheEntry> = {}): CacheEntry {
  return sampleEntry(randomUUID(), {
    exactKey: letter.repeat(43) as ExactKey,
    partition: "p".repeat(43) as PartitionKey,
    tenant: "t".repeat(43) as TenantId,
    namespace: "default",
    ...changes,
  });
}

const ours = { vectors: true, deployment: "deployment-1" };
const line = (of: CacheEntry, options = ours) => `${encodeEntryLine(of, options)}\n`;
const unit = { embedderId: "embedder-1", values: new Float32Array([0.8, 0.6]) };

async function put(server: AdminServer, ...entries: readonly CacheEntry[]): Promise<void> {
  for (const each of entries) await server.store.put(each, server.store.generation());
}

async function load(server: AdminServer, text: string, query = "") {
  return server.post(`${admin}/import${query}`, text, ndjson);
}

describe("the list", () => {
  it.each<[string, string[]]>([
    ["tag=x", ["a"]],
    ["tag=x,z", ["a", "c"]],
    ["namespace=n", ["b"]],
    ["model=other", ["c"]],
    [`tenant=${"u".repeat(43)}`, ["d"]],
    ["older_than=7d", ["c"]],
    ["tag=x&namespace=n", []],
  ])("takes %s, and so does the export", async (query, expected) => {
    const server = await start();
    await put(
      server,
      entry("a", { tags: ["x", "y"] }),
      entry("b", { namespace: "n" }),
      entry("c", { model: "other", tags: ["z"], createdAtMs: NOW_MS - 10 * DAY_MS }),
      entry("d", { tenant: "u".repeat(43) as TenantId }),
    );
    const seen: string[] = [];
    let after = "";
    do {
      const { json, status } = await server.get(`${admin}/entries?limit=1&${query}${after}`);
      expect(status).toBe(200);
      for (const { id } of json.entries) seen.push((await server.store.get(id))?.exactKey[0] ?? "");
      after = json.next === null ? "" : `&after=${encodeURIComponent(json.next)}`;
    } while (after !== "");
    expect(seen.toSorted()).toEqual(expected);
    const { text, headers } = await server.get(`${admin}/export?${query}`);
    expect(headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    const keys = text
      .split("\n")
      .filter(Boolean)
      .map((each) => JSON.parse(each).exact_key[0]);
    expect(keys.toSorted()).toEqual(expected);
  });

  it.each(["older_than=soon", "tag=", "tenant=", "model=", "unknown=x", "vectors=yes"])("refuses %s", async (query) => {
    const server = await start();
    for (const path of query.startsWith("vectors") ? ["export"] : ["entries", "export"]) {
      expect((await server.get(`${admin}/${path}?${query}`)).status).toBe(400);
    }
  });
});

describe("export and import", () => {
  it("bring every entry back as it was, pages of it", async () => {
    const [from, to] = [await start(), await start()];
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"].slice(0, 50);
    const entries = letters.map((letter, index) =>
      entry(letter, {
        vector: index % 2 === 0 ? unit : null,
        answer: { ...sampleEntry("x").answer, body: Buffer.from(index % 3 === 0 ? [0xff, index] : [0x41, index]) },
        tags: [`t${index}`],
      }),
    );
    await put(from, ...entries);
    const exported = await from.get(`${admin}/export?vectors=true`);
    const { json, status } = await load(to, exported.text);
    expect([status, json]).toEqual([200, { lines: 50, stored: 50, skipped: {}, refused: 0, faults: [] }]);
    for (const each of entries) {
      const { hits, lastUsedAtMs, ...found } = (await to.store.get(each.id)) ?? { hits: -1, lastUsedAtMs: -1 };
      expect(hits).toBe(0);
      expect(lastUsedAtMs).toBeGreaterThan(0);
      expect(found).toEqual(each);
    }
    // What is there already is left alone, with its hits.
    expect((await load(to, exported.text)).json).toMatchObject({ stored: 0, skipped: { unchanged: 50 } });
  });

  it("is as slow as its reader, and ends when that one leaves", async () => {
    const server = await start();
    const body = Buffer.alloc(100_000, "x");
    for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
      await put(server, entry(letter, { answer: { ...sampleEntry("x").answer, body } }));
    }
    let pages = 0;
    const list = server.store.list.bind(server.store);
    let aborted: AbortSignal | undefined;
    server.store.list = (options, signal) => {
      pages++;
      aborted = signal;
      return list({ ...options, limit: 1 }, signal);
    };
    const sent = openRequest({ host: "127.0.0.1", port: server.port, path: `${admin}/export`, agent: false });
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.pause();
    await new Promise((resolve) => setImmediate(resolve));
    await once(response, "readable");
    expect(pages).toBeLessThan(64);
    response.destroy();
    await new Promise<void>((resolve) => {
      if (aborted?.aborted) resolve();
      else aborted?.addEventListener("abort", () => resolve(), { once: true });
    });
    expect(pages).toBeLessThan(64);
  });
});

describe("import", () => {
  it("never lengthens a life, and leaves out what is over", async () => {
    const server = await start();
    const long = entry("a", { createdAtMs: NOW_MS - DAY_MS, expiresAtMs: NOW_MS + 400 * DAY_MS });
    const ahead = entry("b", { createdAtMs: NOW_MS + DAY_MS, expiresAtMs: NOW_MS + 90 * DAY_MS });
    const over = entry("c", { expiresAtMs: NOW_MS });
    const short = entry("d", { expiresAtMs: NOW_MS + 1_000 });
    const old = entry("e", { createdAtMs: NOW_MS - 40 * DAY_MS, expiresAtMs: NOW_MS + DAY_MS });
    const { json } = await load(server, [long, ahead, over, short, old].map((each) => line(each)).join(""));
    expect(json).toMatchObject({ lines: 5, stored: 3, skipped: { expired: 2 } });
    expect(await server.store.get(long.id)).toMatchObject({ expiresAtMs: NOW_MS + 29 * DAY_MS });
    expect(await server.store.get(ahead.id)).toMatchObject({ createdAtMs: NOW_MS, expiresAtMs: NOW_MS + 30 * DAY_MS });
    expect(await server.store.get(short.id)).toMatchObject({ expiresAtMs: NOW_MS + 1_000 });
  });

  it("takes vectors of the embedder in use, and makes others anew", async () => {
    const server = await start();
    const same = entry("a", { vector: unit });
    const other = entry("b", { vector: { ...unit, embedderId: "embedder-0" } });
    const bare = entry("c", { vector: unit });
    const exact = entry("d");
    const text = [line(same), line(other), line(bare, { ...ours, vectors: false }), line(exact)].join("");
    expect((await load(server, text)).json).toMatchObject({ stored: 4 });
    const valuesOf = async ({ id }: CacheEntry) => (await server.store.get(id))?.vector?.values ?? null;
    expect(await valuesOf(same)).toEqual(new Float32Array([0.8, 0.6]));
    // The embedder of this server has one vector for all.
    expect(await valuesOf(other)).toEqual(new Float32Array([0.6, 0.8]));
    expect(await valuesOf(bare)).toEqual(new Float32Array([0.6, 0.8]));
    expect(await valuesOf(exact)).toBeNull();
    const wrong = entry("e", { vector: { embedderId: "embedder-1", values: new Float32Array([0.8, 0.6, 0]) } });
    expect((await load(server, line(wrong))).json.faults).toEqual([
      { line: 1, message: "vector.base64 has 3 values, its embedder 2" },
    ]);
  });

  it("does not store what can never match, nor what is larger than an entry may be", async () => {
    const server = await start();
    const elsewhere = { vectors: false, deployment: "deployment-2" };
    const open = entry("b", { tenant: "anonymous" as TenantId });
    const large = entry("c", { answer: { ...sampleEntry("x").answer, body: Buffer.alloc(10_001, "x") } });
    const fits = entry("d", { answer: { ...sampleEntry("x").answer, body: Buffer.alloc(10_000, "x") } });
    const text = [line(entry("a"), elsewhere), line(open, elsewhere), line(large), line(fits)].join("");
    const { json } = await load(server, text);
    expect(json).toMatchObject({ stored: 2, skipped: { foreign: 1, "too-large": 1 }, refused: 0 });
    expect(await server.store.get(open.id)).not.toBeNull();
  });

  it("leaves younger answers alone, and of equal keys in one import keeps the last", async () => {
    const server = await start();
    const standing = entry("a", { createdAtMs: NOW_MS - 1_000 });
    await put(server, standing);
    const older = entry("a", { createdAtMs: NOW_MS - 2_000 });
    expect((await load(server, line(older))).json).toMatchObject({ stored: 0, skipped: { outdated: 1 } });
    const versions = Array.from({ length: 20 }, () => entry("b", { vector: { ...unit, embedderId: "embedder-0" } }));
    await load(server, versions.map((each) => line(each)).join(""));
    expect((await server.store.findExact("b".repeat(43) as ExactKey))?.id).toBe(versions.at(-1)?.id);
  });

  it("stops for nothing but a strict caller, and tells the first faults with their lines", async () => {
    const good = [entry("a"), entry("b"), entry("c")];
    const [first, second, third] = good.map((each) => line(each));
    const text = `${first}{"semcache_entry":2}\n\n${second}nonsense\n[]\n{"a":1}\n${"x".repeat(100_001)}\n${third}`;
    const server = await start();
    const lenient = await load(server, text);
    expect(lenient.status).toBe(200);
    expect(lenient.json).toEqual({
      lines: 8,
      stored: 3,
      skipped: {},
      refused: 5,
      faults: [
        { line: 2, message: "semcache_entry is of another version, this one reads 1" },
        { line: 5, message: "it is not JSON" },
        { line: 6, message: "it is not a JSON object" },
        { line: 7, message: "it has no semcache_entry" },
        { line: 8, message: "it has 100001 bytes, at most 100000 are read" },
      ],
    });
    const other = await start();
    const strict = await load(other, text, "?strict=true");
    expect([strict.status, strict.headers.get("x-semcache-error")]).toEqual([400, "bad-request"]);
    expect(strict.json).toMatchObject({
      error: { message: "Cannot import: line 2: semcache_entry is of another version, this one reads 1" },
      stored: 1,
      refused: 1,
    });
    expect(other.store.stats().entries).toBe(1);
    const many = await load(server, "x\n".repeat(1_000));
    expect([many.json.refused, many.json.faults.length]).toEqual([1_000, 20]);
  });

  it("does not bring back what is invalidated while it goes on", async () => {
    const server = await start();
    const sent = openRequest({
      host: "127.0.0.1",
      port: server.port,
      method: "POST",
      path: `${admin}/import`,
      headers: ndjson,
      agent: false,
    });
    const answered = once(sent, "response");
    sent.write(line(entry("a", { tags: ["x"] })));
    // The first line has been stored: the import is under way.
    while (server.store.stats().entries === 0) await new Promise((resolve) => setImmediate(resolve));
    await server.post(`${admin}/invalidate`, { tags: ["x"] });
    sent.end(line(entry("b", { tags: ["x"] })) + line(entry("c", { tags: ["y"] })));
    const [response] = (await answered) as [IncomingMessage];
    let text = "";
    for await (const chunk of response) text += String(chunk);
    expect(JSON.parse(text)).toMatchObject({ stored: 2, skipped: { "invalidated-meanwhile": 1 } });
    const { entries } = await server.store.list({ limit: 10 });
    expect(entries.map(({ exactKey }) => exactKey[0])).toEqual(["c"]);
  });

  it("keeps what came whole when its sender leaves", async () => {
    const server = await start();
    const sent = openRequest({
      host: "127.0.0.1",
      port: server.port,
      method: "POST",
      path: `${admin}/import`,
      headers: ndjson,
      agent: false,
    });
    sent.on("error", () => undefined);
    sent.write(line(entry("a")) + line(entry("b")).slice(0, 40));
    while (server.store.stats().entries === 0) await new Promise((resolve) => setImmediate(resolve));
    sent.destroy();
    await new Promise((resolve) => sent.once("close", resolve));
    expect((await load(server, "")).json).toMatchObject({ lines: 0 });
    expect(server.store.stats().entries).toBe(1);
  });

  it("is the operator's alone", async () => {
    const server = await start({ adminToken: "a token" });
    const text = line(entry("a"));
    const token = { authorization: "Bearer a token" };
    const codes: unknown[] = [];
    for (const headers of [ndjson, { ...ndjson, ...token, origin: "https://evil.example" }, token]) {
      const { status, json } = await server.get(`${admin}/import`, { method: "POST", body: text, headers });
      codes.push([status, json.error.code]);
    }
    // The last one without a type of its own: fetch says text/plain.
    expect(codes).toEqual([
      [401, "unauthorized"],
      [403, "origin-forbidden"],
      [415, "unsupported-media-type"],
    ]);
    expect((await server.post(`${admin}/import`, text, token)).status).toBe(415);
    expect((await server.post(`${admin}/invalidate`, text, { ...ndjson, ...token })).status).toBe(415);
    expect((await server.get(`${admin}/export`)).status).toBe(401);
    expect(
      (await server.get(`${admin}/export`, { headers: { ...token, origin: "https://evil.example" } })).status,
    ).toBe(403);
    expect(server.store.stats().entries).toBe(0);
    expect((await server.post(`${admin}/import`, text, { ...ndjson, ...token })).json).toMatchObject({ stored: 1 });
    const exported = await server.get(`${admin}/export`, { headers: token });
    expect(readEntryLine(JSON.parse(exported.text)).deployment).toBe("deployment-1");
  });

  it("asks with the headers that were given before", async () => {
    const server = await start();
    const headers = (values: object) => `${JSON.stringify({ semcache_headers: 1, headers: values })}\n`;
    const value = (key: string) => `${JSON.stringify({ semcache_put: 1, key, data: "d" })}\n`;
    const text = value("a") + headers({ Authorization: "Bearer one" }) + value("a") + headers({}) + value("b");
    expect((await load(server, text)).json).toMatchObject({ lines: 3, stored: 3 });
    const { entries } = await server.store.list({ limit: 10 });
    const [b, ofOne, a] = entries;
    expect([b?.tenant, a?.tenant]).toEqual(["anonymous", "anonymous"]);
    expect(ofOne?.tenant).toMatch(/^[\w-]{43}$/);
    const bad = await load(server, headers({ "x-a": "b\r\nc" }) + headers({ "a b": "c" }));
    expect(bad.json).toMatchObject({ refused: 2, stored: 0 });
  });
});
