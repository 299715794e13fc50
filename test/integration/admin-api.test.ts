import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { z } from "zod";
import { EventEmitter, once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { isSemcacheError, SemcacheError } from "#semcache/base/errors.js";
import { readJsonBody } from "#semcache/http/read-json-body.js";
import { createTrust } from "#semcache/matching/audit/trust.js";
import type { Matcher } from "#semcache/matching/matcher.js";
import type { PartitionKey, TenantId } from "#semcache/model/keys.js";
import { createMemoryStateStore } from "#semcache/store/state-store.js";
import { sampleReport } from "../support/sample-report.ts";
import { NOW_MS, sampleEntry, startAdminServer } from "./admin-server.ts";

const admin = "/semcache/v1/admin";
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

describe("stats and decisions", () => {
  it("give the sums, the store and the last requests", async () => {
    const server = await start();
    await server.store.put(sampleEntry("one"), server.store.generation());
    server.totals.add(sampleReport());
    for (let index = 0; index < 3; index++) server.decisions.add(sampleReport({ id: `r${index}` }));
    const stats = await server.get(`${admin}/stats`);
    expect(stats.status).toBe(200);
    expect(stats.headers.get("cache-control")).toBe("no-store");
    expect(stats.json).toMatchObject({
      version: "9.9.9",
      uptimeSeconds: 60,
      state: "ready",
      store: { kind: "memory", entries: 1 },
      totals: { requests: 1, hits: { exact: 1 } },
    });
    const first = await server.get(`${admin}/decisions?limit=2`);
    expect(first.json.decisions.map(({ id }: { id: string }) => id)).toEqual(["r2", "r1"]);
    const second = await server.get(`${admin}/decisions?limit=2&before=${first.json.next}`);
    expect(second.json.decisions.map(({ id }: { id: string }) => id)).toEqual(["r0"]);
    expect(second.json.next).toBeNull();
  });

  it.each(["limit=0", "limit=1001", "limit=x", "limit=1.5", "before=-1", "page=2", "limit=1&limit=2"])(
    "refuse the query %s",
    async (query) => {
      const server = await start();
      const { status, json } = await server.get(`${admin}/decisions?${query}`);
      expect(status).toBe(400);
      expect(json.error.message).toMatch(/^Cannot use the query/);
    },
  );
});

describe("entries", () => {
  it("are listed in pages, each once, with short prompts", async () => {
    const server = await start();
    for (let index = 0; index < 7; index++) {
      await server.store.put(sampleEntry(`e${index}`, { promptText: "p".repeat(index === 0 ? 5_000 : 10) }), 0);
    }
    const seen: string[] = [];
    let after = "";
    for (;;) {
      const { json } = await server.get(`${admin}/entries?limit=3${after}`);
      for (const entry of json.entries) {
        seen.push(entry.id);
        expect(entry.prompt.length).toBeLessThanOrEqual(300);
        expect(entry.answer).toBeUndefined();
      }
      if (json.next === null) break;
      after = `&after=${encodeURIComponent(json.next)}`;
    }
    expect(seen.toSorted()).toEqual(["e0", "e1", "e2", "e3", "e4", "e5", "e6"]);
  });

  it("are shown whole: text as it was sent, other bytes as base64", async () => {
    const server = await start();
    const text = '{"a": "é <script>alert(1)</script>"}\n';
    await server.store.put(sampleEntry("text", { answer: { ...sampleEntry("x").answer, body: Buffer.from(text) } }), 0);
    const bytes = Buffer.from([0xff, 0xfe, 0x00]);
    await server.store.put(
      sampleEntry("bytes", {
        expiresAtMs: Number.MAX_SAFE_INTEGER,
        vector: { embedderId: "e", values: new Float32Array([1, 0]) },
        answer: { ...sampleEntry("x").answer, body: bytes },
      }),
      0,
    );
    const first = await server.get(`${admin}/entries/text`);
    expect(first.json).toMatchObject({
      id: "text",
      match: "exact",
      prompt: "What is text?",
      tenant: "tenant-1",
      answer: { text, bytes: Buffer.byteLength(text) },
    });
    expect(first.headers.get("x-content-type-options")).toBe("nosniff");
    const second = await server.get(`${admin}/entries/bytes`);
    expect(second.json).toMatchObject({
      match: "semantic",
      expiresAt: null,
      vector: { dimensions: 2 },
      answer: { base64: bytes.toString("base64") },
    });
  });

  it("are deleted once", async () => {
    const server = await start();
    await server.store.put(sampleEntry("one"), 0);
    const deleted = await server.get(`${admin}/entries/one`, { method: "DELETE" });
    expect(deleted.json).toMatchObject({ deleted: true, id: "one", entries: 1 });
    expect((await server.get(`${admin}/entries/one`, { method: "DELETE" })).status).toBe(404);
    const { status, json } = await server.get(`${admin}/entries/one`);
    expect([status, json.error.code]).toEqual([404, "not-found"]);
    expect((await server.get(`${admin}/entries/%ff`)).status).toBe(400);
  });
});

describe("invalidate", () => {
  async function filled(): Promise<AdminServer> {
    const server = await start();
    const entries = [
      sampleEntry("a", { tags: ["x", "y"] }),
      sampleEntry("b", { tags: ["y"], namespace: "n" }),
      sampleEntry("c", { model: "other", createdAtMs: NOW_MS - 10 * DAY_MS }),
      sampleEntry("d", { tenant: "tenant-2" as TenantId, createdAtMs: NOW_MS }),
    ];
    for (const entry of entries) await server.store.put(entry, server.store.generation());
    return server;
  }

  it.each<[object, string[]]>([
    [{ tags: ["x"] }, ["b", "c", "d"]],
    [{ tags: ["x", "y"] }, ["c", "d"]],
    [{ namespace: "n" }, ["a", "c", "d"]],
    [{ namespace: "" }, ["b"]],
    [{ model: "other" }, ["a", "b", "d"]],
    [{ tenant: "tenant-2" }, ["a", "b", "c"]],
    [{ older_than: "7d" }, ["a", "b", "d"]],
    [{ older_than: "12h" }, ["d"]],
    [{ tags: ["y"], namespace: "n" }, ["a", "c", "d"]],
    [{ tags: ["x"], model: "other" }, ["a", "b", "c", "d"]],
    [{ all: true }, []],
    [{ all: true, dry_run: false }, []],
  ])("by %j leaves %j", async (body, left) => {
    const server = await filled();
    const dry = await server.post(`${admin}/invalidate`, { ...body, dry_run: true });
    expect(dry.json).toMatchObject({ dry_run: true, entries: 4 - left.length });
    expect(server.store.stats().entries).toBe(4);
    const { status, json } = await server.post(`${admin}/invalidate`, body);
    expect(status).toBe(200);
    expect(json).toMatchObject({ dry_run: false, entries: 4 - left.length, bytes: dry.json.bytes });
    const kept = await server.store.list({ limit: 10 });
    expect(kept.entries.map(({ id }) => id).toSorted()).toEqual(left);
    expect(await server.metrics.expose()).toMatch(/^semcache_invalidations_total 1$/m);
  });

  it.each<[unknown, RegExp]>([
    [{}, /nothing is selected/],
    [{ dry_run: true }, /nothing is selected/],
    [{ all: false }, /all/],
    [{ all: true, tags: ["x"] }, /all is given together with tags/],
    [{ tags: [] }, /tags/],
    [{ tags: "x" }, /tags/],
    [{ tags: [""] }, /tags/],
    [{ tag: ["x"] }, /tag/],
    [{ model: "" }, /model/],
    [{ older_than: "soon" }, /older_than is "soon", not a duration/],
    [{ older_than: "" }, /older_than/],
    [{ older_than: 7 }, /older_than/],
    [{ tags: ["x"], dry_run: "yes" }, /dry_run/],
    [[], /object/],
    [null, /object/],
    ["", /empty/],
    ["{", /not JSON/],
  ])("refuses %j and deletes nothing", async (body, message) => {
    const server = await filled();
    const { status, json } = await server.post(`${admin}/invalidate`, body);
    expect(status).toBe(400);
    expect(json.error.message).toMatch(message);
    expect(server.store.stats().entries).toBe(4);
  });
});

const prepare: Matcher["prepare"] = async () => ({
  kind: "comparable",
  vector: { embedderId: "e", values: new Float32Array([1, 0]) },
});

describe("similarity", () => {
  it("gives the judgement of a pair, and of many in order", async () => {
    const server = await start({
      deps: {
        matcher: {
          id: "m",
          embedderId: "e",
          prepare,
          compare: async (a, b) =>
            a === b
              ? {
                  verdict: "hit",
                  reason: null,
                  similarity: 1,
                  verifier: null,
                  confidence: 0.999,
                  threshold: null,
                  guard: [],
                }
              : {
                  verdict: "miss",
                  reason: "guard-number",
                  similarity: 0.9,
                  verifier: null,
                  confidence: null,
                  threshold: null,
                  guard: [{ code: "guard-number", a, b, effect: "veto" }],
                },
        },
      },
    });
    const one = await server.post(`${admin}/similarity`, { a: "1", b: "2" });
    expect(one.status).toBe(200);
    expect(one.json).toEqual({
      verdict: "miss",
      reason: "guard-number",
      similarity: 0.9,
      verifier: null,
      confidence: null,
      threshold: null,
      guard: [{ code: "guard-number", a: "1", b: "2", effect: "veto" }],
      maxErrorRate: 0.01,
    });
    const pairs = Array.from({ length: 1_000 }, (_, index) => ({
      a: String(index),
      b: String(index % 2 === 0 ? index : -1),
    }));
    const many = await server.post(`${admin}/similarity`, { pairs });
    expect(many.json.results).toHaveLength(1_000);
    expect(many.json.results.map(({ verdict }: { verdict: string }) => verdict).slice(0, 4)).toEqual([
      "hit",
      "miss",
      "hit",
      "miss",
    ]);
    expect(many.json.results[999].guard[0].a).toBe("999");
  });

  it("judges at the rate that audits have left, and in the partition that is named", async () => {
    const rates: (number | undefined)[] = [];
    const trust = createTrust({
      state: createMemoryStateStore(),
      clock: { now: () => NOW_MS },
      maxErrorRate: 0.01,
      onRaised: () => undefined,
    });
    const identify = (partition: string, a: string, b: string) => trust.identify(partition as PartitionKey, a, b);
    for (const partition of ["p1", "p2"]) trust.audited(identify(partition, "x", "y"), "wrong", { ofProvider: true });
    trust.toldBy(identify("p3", "a", "b"), "wrong");
    const server = await start({
      deps: {
        trust,
        matcher: {
          id: "m",
          embedderId: "e",
          prepare,
          async compare(_a, _b, options) {
            rates.push(options?.maxErrorRate);
            return {
              verdict: "hit",
              reason: null,
              similarity: 0.9,
              compared: "window",
              verifier: 3,
              confidence: 0.999,
              threshold: 0.9,
              guard: [],
            };
          },
        },
      },
    });
    const plain = await server.post(`${admin}/similarity`, { a: "a", b: "b" });
    expect(plain.json).toMatchObject({ verdict: "hit", compared: "window", maxErrorRate: 0.005 });
    const named = await server.post(`${admin}/similarity`, { pairs: [{ a: "a", b: "b" }], partition: "p3" });
    expect(named.json.results).toMatchObject([{ verdict: "miss", reason: "guard-reported", maxErrorRate: 0.0025 }]);
    expect(rates).toEqual([0.005, 0.0025]);
  });

  it("takes one place in the models' queue, whoever asks, and lets the event loop turn", async () => {
    let inside = 0;
    let most = 0;
    const server = await start({
      deps: {
        matcher: {
          id: "m",
          embedderId: "e",
          prepare,
          async compare() {
            inside++;
            most = Math.max(most, inside);
            await Promise.resolve();
            inside--;
            return {
              verdict: "miss",
              reason: "no-candidate",
              similarity: null,
              verifier: null,
              confidence: null,
              threshold: null,
              guard: [],
            };
          },
        },
      },
    });
    const pairs = Array.from({ length: 300 }, () => ({ a: "a", b: "b" }));
    // The server is in this process: its event loop is the one that counts.
    let turns = 0;
    let ticker = setImmediate(function tick() {
      turns++;
      ticker = setImmediate(tick);
    });
    const answers = await Promise.all([1, 2, 3].map(() => server.post(`${admin}/similarity`, { pairs })));
    clearImmediate(ticker);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(turns).toBeGreaterThanOrEqual(pairs.length);
    expect(most).toBe(1);
  });

  it("waits where lookups fill the queue: a verdict does not depend on the load", async () => {
    let tries = 0;
    const server = await start({
      deps: {
        matcher: {
          id: "m",
          embedderId: "e",
          prepare,
          async compare() {
            if (++tries < 4) throw new SemcacheError("inference-overloaded", "Cannot embed: 64 lookups wait");
            return {
              verdict: "hit",
              reason: null,
              similarity: 1,
              verifier: null,
              confidence: 1,
              threshold: null,
              guard: [],
            };
          },
        },
      },
    });
    const { status, json } = await server.post(`${admin}/similarity`, { a: "a", b: "a" });
    expect([status, json.verdict, tries]).toEqual([200, "hit", 4]);
  });

  it("stops when the caller leaves", async () => {
    let judged = 0;
    const events = new EventEmitter();
    const left = once(events, "left");
    const started = once(events, "started");
    const server = await start({
      deps: {
        matcher: {
          id: "m",
          embedderId: "e",
          prepare,
          async compare(_a, _b, options) {
            judged++;
            options?.signal?.addEventListener("abort", () => events.emit("left"));
            events.emit("started");
            await left;
            return {
              verdict: "miss",
              reason: "no-candidate",
              similarity: null,
              verifier: null,
              confidence: null,
              threshold: null,
              guard: [],
            };
          },
        },
      },
    });
    const abort = new AbortController();
    const pairs = Array.from({ length: 50 }, () => ({ a: "a", b: "b" }));
    const asked = server.get(`${admin}/similarity`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pairs }),
      signal: abort.signal,
    });
    await started;
    abort.abort();
    await expect(asked).rejects.toThrow(/abort/i);
    await left;
    // Another caller's pair comes after all that the first one left behind.
    await server.post(`${admin}/similarity`, { a: "a", b: "b" });
    expect(judged).toBe(2);
  });

  it.each([
    [{}],
    [{ a: "x" }],
    [{ a: 1, b: "x" }],
    [{ a: "x", b: "y", c: 1 }],
    [{ pairs: [] }],
    [{ pairs: [{ a: "x" }] }],
    [{ a: "x", b: "y", pairs: [{ a: "x", b: "y" }] }],
    [{ pairs: Array.from({ length: 1_001 }, () => ({ a: "", b: "" })) }],
  ])("refuses what is no pair and no list of up to 1,000 (%#)", async (body) => {
    const server = await start();
    const { status, json } = await server.post(`${admin}/similarity`, body);
    expect(status).toBe(400);
    expect(json.error.message).toMatch(/^Cannot use the body: .*pairs|^Cannot use the body: Unrecognized key: "c"$/);
  });
});

describe("bodies", () => {
  it("over the cap are a 413 that ends the connection, announced or not", async () => {
    const server = await start();
    const announced = await server.post(`${admin}/invalidate`, JSON.stringify({ tags: ["x".repeat(300_000)] }));
    expect(announced.status).toBe(413);
    expect(announced.json.error.message).toMatch(/^Cannot accept a body of \d+ bytes: this route takes 262144 bytes$/);
    expect(announced.headers.get("connection")).toBe("close");
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => undefined);
    socket.write(
      `POST ${admin}/invalidate HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const piece = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    for (let index = 0; index < 5; index++) socket.write(piece);
    const [head] = (await once(socket, "data")) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it("of another type are a 415, as is a form of another site", async () => {
    const server = await start();
    for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
      const { status, json } = await server.post(`${admin}/invalidate`, '{"all":true}', { "content-type": type });
      expect([status, json.error.code]).toEqual([415, "unsupported-media-type"]);
    }
  });

  it("that are not UTF-8 are a 400", async () => {
    const server = await start();
    const body = Buffer.concat([Buffer.from('{"tags":["'), Buffer.from([0xff]), Buffer.from('"]}')]);
    const { status, json } = await server.get(`${admin}/invalidate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect([status, json.error.message]).toEqual([400, "Cannot use the body: it is not UTF-8"]);
  });

  it("that do not arrive are a 408, and a client that leaves is no answer's reader", async () => {
    const outcomes: unknown[] = [];
    const told = new EventEmitter();
    const server = createServer((request, response) => {
      readJsonBody(request, response, z.unknown(), { maxBytes: 100, timeoutMs: request.url === "/short" ? 20 : 60_000 })
        .catch((error: unknown) => error)
        .then((outcome) => {
          outcomes.push(isSemcacheError(outcome) ? outcome.code : outcome);
          told.emit("outcome");
          response.end("over");
        })
        .catch(() => undefined);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const head = "host: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{";
    const slow = connect(port, "127.0.0.1");
    slow.write(`POST /short HTTP/1.1\r\n${head}`);
    const [answer] = (await once(slow, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/connection: close/i);
    const leaving = connect(port, "127.0.0.1");
    leaving.write(`POST /long HTTP/1.1\r\n${head}`, () => leaving.destroy());
    await once(told, "outcome");
    expect(outcomes).toEqual(["body-timeout", "aborted"]);
    slow.destroy();
    server.close();
  });
});
