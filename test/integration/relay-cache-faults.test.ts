import { afterEach, describe, expect, test } from "vitest";
import { SemcacheError } from "#semcache/base/errors.js";
import { createAdmission } from "#semcache/cache/admission.js";
import { FrameJournal } from "#semcache/cache/frame-journal.js";
import { Landings } from "#semcache/cache/landings.js";
import { ServedHits } from "#semcache/cache/served-hits.js";
import { createTrust } from "#semcache/matching/audit/trust.js";
import { createMemoryStateStore } from "#semcache/store/state-store.js";
import { createLookup } from "#semcache/cache/lookup.js";
import { createTenantResolver } from "#semcache/cache/tenant.js";
import { loadConfig } from "#semcache/config/load.js";
import { dialects } from "#semcache/formats/dialects.js";
import { createRequestHandler } from "#semcache/http/request-handler.js";
import { createOperatorAccess } from "#semcache/http/operator-access.js";
import { createRouter } from "#semcache/http/router.js";
import { HttpServer } from "#semcache/http/server.js";
import type { Matcher } from "#semcache/matching/matcher.js";
import { createProxy } from "#semcache/proxy/proxy.js";
import type { CacheStore } from "#semcache/store/cache-store.js";
import { createMemoryCacheStore } from "#semcache/store/memory-cache-store.js";
import { noTracing } from "#semcache/telemetry/tracing/tracing.js";
import { createNodeHttpClient } from "#semcache/upstream/node-http-client.js";
import { createUpstreamPolicy } from "#semcache/upstream/upstream-policy.js";
import type { RequestReport } from "#semcache/telemetry/request-report.js";
import { held } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { chat, createClients, outcomeOf } from "./relay-scene.ts";

const clock = { now: () => Date.now() };
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Every prompt is comparable and every pair a hit: what goes wrong is up to the test. */
const eager: Matcher = {
  id: "eager",
  embedderId: "eager",
  prepare: async () =>
    ({ kind: "comparable", vector: { embedderId: "eager", values: Float32Array.of(1, 0) } }) as never,
  judge: async (_, [candidate]) =>
    candidate
      ? {
          kind: "hit",
          candidate,
          judgement: {
            verdict: "hit",
            reason: null,
            similarity: 1,
            verifier: null,
            confidence: 1,
            threshold: null,
            guard: [],
          },
        }
      : { kind: "miss", reason: "no-candidate", candidate: null, judgement: null },
  compare: () => Promise.reject(new Error("not asked")),
  forget: () => undefined,
};

/** The proxy from its parts on a real socket, with parts that fail in its store or its matcher. */
async function start(faulty: {
  store?: Partial<CacheStore>;
  matcher?: Partial<Matcher>;
  timeoutMs?: number;
  modelsReady?: boolean;
  report?: (report: RequestReport) => void;
}) {
  const provider: ImitationProvider = await startImitationProvider();
  closers.push(() => provider.close());
  const { config } = loadConfig({
    env: {},
    workingFolder: import.meta.dirname,
    overrides: {
      upstream: { providers: { openai: { base_url: provider.url }, anthropic: { base_url: provider.url } } },
    },
  });
  const memory = createMemoryCacheStore({ clock, maxEntries: 100, maxBytes: null });
  const store = overlay(memory, faulty.store ?? {});
  const matcher = overlay(eager, faulty.matcher ?? {});
  const policy = createUpstreamPolicy({
    allow: [],
    allowPublic: false,
    providers: [provider.url],
    viaEgressProxy: false,
  });
  const upstream = createNodeHttpClient({ policy, timeouts: config.upstream.timeouts, proxy: null, environment: {} });
  const landings = new Landings();
  const trust = createTrust({
    state: createMemoryStateStore(),
    clock,
    maxErrorRate: 0.01,
    onRaised: () => undefined,
  });
  const faults: string[] = [];
  const defects: unknown[] = [];
  const proxy = createProxy({
    clock,
    prices: { find: () => null },
    dialects,
    policy,
    upstream,
    store,
    matcher,
    lookup: createLookup({
      store,
      matcher,
      landings,
      trust,
      clock,
      candidates: 8,
      timeoutMs: faulty.timeoutMs ?? 10_000,
      modelsReady: () => faulty.modelsReady ?? true,
      onFault: (error) => faults.push(String(error)),
    }),
    admission: createAdmission({
      store,
      matcher,
      landings,
      clock,
      maxEntryBytes: 1_000_000,
      onLost: (reason) => faults.push(reason),
    }),
    frames: new FrameJournal(),
    auditor: { consider: () => undefined },
    shadow: { observe: () => null },
    served: new ServedHits(),
    tenants: createTenantResolver({ tenancy: "shared", secret: Buffer.alloc(32) }),
    settings: {
      providers: config.upstream.providers,
      plan: { ...config.cache, maxErrorRate: 0.01 },
      ignoreFields: config.cache.ignoreFields,
      varyHeaders: [],
      tenantHeader: null,
      maxEntryBytes: 1_000_000,
      idleMs: 10_000,
    },
    keepsPrompts: () => false,
    report: faulty.report ?? (() => undefined),
    onRefresh: () => undefined,
    onDefect: (error) => defects.push(error),
  });
  const handle = createRequestHandler({
    router: createRouter([]),
    access: createOperatorAccess({ adminToken: null, listenHost: "127.0.0.1" }),
    proxy,
    dialects,
    tracing: noTracing,
    maxRequestBytes: 1_000_000,
    maxBodyBytes: 10_000_000,
    onDefect: (error) => defects.push(error),
  });
  const server = new HttpServer({ host: "127.0.0.1", port: 0, keepAliveMs: 5000, handle });
  const { port } = await server.listen();
  const clients = createClients(port);
  closers.push(async () => {
    clients.hangUp();
    await server.close(0, (response) => response.destroy());
    await upstream.close();
  });
  return { ...clients, provider, store, faults, defects };
}

function overlay<T extends object>(below: T, above: Partial<T>): T {
  return new Proxy(below, {
    get(target, name) {
      const member = Reflect.get(name in above ? above : target, name) as unknown;
      return typeof member === "function" ? member.bind(name in above ? above : target) : member;
    },
  });
}

const broken = (): never => {
  throw new SemcacheError("store-failed", "Cannot read the store: the disk is gone");
};
const rejecting = async (): Promise<never> => broken();
const defect = (): never => {
  throw new TypeError("x is not a function");
};
const hanging = (_a?: unknown, _b?: unknown): Promise<never> => new Promise(() => undefined);

describe("a fault in the cache is a miss, never a failed request", () => {
  const seeded = (scene: Awaited<ReturnType<typeof start>>) => scene.ask(chat("the first prompt"));

  test.each<[string, Partial<CacheStore>, string]>([
    ["findExact rejects", { findExact: rejecting }, "unavailable"],
    ["findExact throws", { findExact: broken }, "unavailable"],
    ["findExact has a defect", { findExact: defect }, "unavailable"],
    ["describePartition rejects", { describePartition: rejecting }, "unavailable"],
    ["findNearest rejects", { findNearest: rejecting }, "unavailable"],
    ["get rejects", { get: rejecting }, "unavailable"],
    ["findNearest hangs", { findNearest: hanging }, "lookup-timeout"],
    ["findExact hangs", { findExact: hanging }, "lookup-timeout"],
    ["describePartition hangs", { describePartition: hanging }, "lookup-timeout"],
  ])("store: %s", async (_, store, reason) => {
    const scene = await start({ store, timeoutMs: 100 });
    await seeded(scene);
    for (const stream of [false, true]) {
      const answer = await scene.ask(chat(`another prompt, ${String(stream)}`, { stream }));
      expect(outcomeOf(answer)).toBe(`200 miss ${reason}`);
      expect(answer.body.length).toBeGreaterThan(100);
    }
    expect(scene.faults.length).toBeGreaterThan(0);
    expect(scene.defects).toEqual([]);
  });

  test.each<[string, Partial<Matcher>, string]>([
    ["prepare throws", { prepare: defect }, "unavailable"],
    ["prepare rejects", { prepare: rejecting }, "unavailable"],
    ["prepare hangs", { prepare: hanging }, "lookup-timeout"],
    [
      "prepare is overloaded",
      { prepare: () => Promise.reject(new SemcacheError("inference-overloaded", "Cannot embed: the queue is full")) },
      "overloaded",
    ],
    ["judge throws", { judge: defect }, "unavailable"],
    ["judge rejects", { judge: rejecting }, "unavailable"],
    ["judge hangs", { judge: hanging }, "lookup-timeout"],
    [
      "judge is overloaded",
      { judge: () => Promise.reject(new SemcacheError("inference-overloaded", "Cannot judge: the queue is full")) },
      "overloaded",
    ],
  ])("matcher: %s", async (_, matcher, reason) => {
    let healthy = true;
    const switched = Object.fromEntries(
      Object.entries(matcher).map(([name, faulty]) => [
        name,
        (...given: never[]) =>
          (healthy ? Reflect.get(eager, name) : (faulty as (...given: never[]) => unknown))(...given),
      ]),
    ) as Partial<Matcher>;
    const scene = await start({ matcher: switched, timeoutMs: 100 });
    await seeded(scene);
    healthy = false;
    const answer = await scene.ask(chat("the second prompt"));
    expect(outcomeOf(answer)).toBe(`200 miss ${reason}`);
    expect(scene.faults.length).toBeGreaterThan(0);
    expect(scene.defects).toEqual([]);
    // What is equal needs no matcher.
    expect(outcomeOf(await scene.ask(chat("the first prompt")))).toBe("200 hit exact");
  });

  test.each<[string, Partial<CacheStore>]>([
    ["put rejects", { put: rejecting }],
    ["put throws", { put: broken }],
    ["put has a defect", { put: defect }],
  ])("store: %s: the answer is whole, only not kept", async (_, store) => {
    const scene = await start({ store });
    for (let again = 0; again < 2; again++)
      expect(outcomeOf(await scene.ask(chat("not kept")))).toMatch(/^200 miss (?:frame-new|no-candidate)$/);
    expect(scene.faults).toContain("store-failed");
    expect(scene.defects).toEqual([]);
  });

  test("while the models load nobody waits for them", async () => {
    const scene = await start({ modelsReady: false, matcher: { prepare: hanging } });
    await seeded(scene);
    expect(outcomeOf(await scene.ask(chat("another prompt")))).toBe("200 miss unavailable");
    expect(scene.faults).toEqual([]);
  });

  test("store: put hangs: the answer is whole, and the next request does not wait for it", async () => {
    const scene = await start({ store: { put: hanging as CacheStore["put"] }, timeoutMs: 100 });
    for (const _ of [1, 2]) expect((await scene.ask(chat("never lands"))).status).toBe(200);
  });

  test.each(["prepare throws while the provider works", "prepare rejects while the provider works"])(
    "matcher: %s",
    async (what) => {
      // The first prompt of a partition is embedded meanwhile; without a vector it still answers equal requests.
      const scene = await start({ matcher: { prepare: what.includes("throws") ? defect : rejecting } });
      expect(outcomeOf(await scene.ask(chat("embedded meanwhile")))).toBe("200 miss frame-new");
      expect(outcomeOf(await scene.ask(chat("embedded meanwhile")))).toBe("200 hit exact");
    },
  );

  test("store: touch fails: the hit is whole", async () => {
    const scene = await start({ store: { touch: broken } });
    await scene.ask(chat("touched"));
    for (const stream of [false, true]) {
      const hit = await scene.ask(chat("touched", { stream }));
      expect(outcomeOf(hit)).toBe("200 hit exact");
      expect(hit.body.length).toBe(Number(hit.header("content-length")));
    }
  });

  test("store: generation fails: the request is relayed and nothing is kept", async () => {
    const scene = await start({ store: { generation: broken } });
    for (const _ of [1, 2]) expect(outcomeOf(await scene.ask(chat("no generation")))).toMatch(/^200 miss unavailable$/);
  });

  test("a report that cannot be written does not fail the request", async () => {
    const scene = await start({ report: defect });
    expect(outcomeOf(await scene.ask(chat("no report")))).toMatch(/^200 miss/);
    expect(outcomeOf(await scene.ask(chat("no report")))).toBe("200 hit exact");
    expect((await scene.ask(chat("wrong", { headers: [["x-semcache-ttl", "x"]] }))).status).toBe(400);
    expect(scene.defects.length).toBeGreaterThan(0);
  });

  test("a client that leaves while its prompt is looked up costs no provider call", async () => {
    let onPrepare: () => void = () => undefined;
    const preparing = new Promise<void>((resolve) => {
      onPrepare = resolve;
    });
    let aborted: Promise<void> = Promise.resolve();
    let calls = 0;
    const scene = await start({
      matcher: {
        prepare: (prompt, signal) => {
          if (++calls === 1) return eager.prepare(prompt, signal);
          aborted = new Promise((resolve) => signal?.addEventListener("abort", () => resolve()));
          onPrepare();
          return hanging();
        },
      },
    });
    await scene.ask(chat("the first prompt"));
    const connection = await scene.connect();
    await connection.send(chat("the second prompt"));
    await preparing;
    connection.destroy();
    // The place in the queue is given back.
    await aborted;
    expect((await scene.ask(chat("the first prompt"))).status).toBe(200);
    expect(scene.provider.requests).toHaveLength(1);
  });

  test("joiners of a flight whose answer cannot be kept are answered", async () => {
    const scene = await start({ store: { put: rejecting } });
    const gate = new Gate();
    scene.provider.script(held(gate));
    const connections = [await scene.connect(), await scene.connect()];
    for (const connection of connections) await connection.send(chat("shared"));
    await scene.provider.waitForRequest(1);
    gate.releaseAll();
    for (const connection of connections) expect((await connection.readAnswer()).status).toBe(200);
  });
});
