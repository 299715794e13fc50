import { afterEach, describe, expect, it, vi } from "vitest";
import type { TenantId } from "#semcache/model/keys.js";
import { createMemoryCacheStore } from "#semcache/store/memory-cache-store.js";
import { NOW_MS, sampleEntry, startAdminServer } from "./admin-server.ts";

const path = "/semcache/v1/admin/entries";
const running: Awaited<ReturnType<typeof startAdminServer>>[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(options: Parameters<typeof startAdminServer>[0] = {}) {
  const server = await startAdminServer(options);
  running.push(server);
  return server;
}

type Server = Awaited<ReturnType<typeof start>>;

async function ids(server: Server, query: string): Promise<string[]> {
  const { json, status } = await server.get(`${path}?${query}`);
  expect(status).toBe(200);
  return json.entries.map(({ id }: { id: string }) => id);
}

describe("the search through entries", () => {
  async function filled(): Promise<Server> {
    const server = await start();
    const entries = [
      sampleEntry("a", { promptText: "What is the capital of France?", tags: ["geo", "faq"] }),
      sampleEntry("b", { promptText: "Wie heißt die Hauptstadt von ÖSTERREICH?", tags: ["geo"], namespace: "n" }),
      sampleEntry("c", { promptText: "Capital gains tax", model: "claude", dialect: "anthropic-messages" }),
      sampleEntry("d", { promptText: "50% of [x] is \\d+", tenant: "tenant-2" as TenantId, dialect: "cache-aside" }),
    ];
    for (const entry of entries) await server.store.put(entry, server.store.generation());
    return server;
  }

  it.each<[string, string[]]>([
    ["q=capital", ["c", "a"]],
    ["q=CAPITAL+OF", ["a"]],
    ["q=%C3%B6sterreich", ["b"]],
    ["q=hei%C3%9Ft", ["b"]],
    ["q=%5Bx%5D", ["d"]],
    ["q=.*", []],
    ["q=%5Cd%2B", ["d"]],
    ["dialect=anthropic-messages", ["c"]],
    ["dialect=cache-aside", ["d"]],
    ["dialect=generic-json", []],
    ["q=capital&tag=geo", ["a"]],
    ["q=capital&model=claude", ["c"]],
    ["q=capital&dialect=cache-aside", []],
    ["namespace=n", ["b"]],
    ["tenant=tenant-2", ["d"]],
    ["q=hauptstadt&namespace=", []],
    ["", ["d", "c", "b", "a"]],
  ])("%s finds %j", async (query, found) => {
    expect(await ids(await filled(), query)).toEqual(found);
  });

  it.each(["q=", "dialect=openai", "q=a&q=b", `q=${"x".repeat(1_001)}`])("refuses %.30s", async (query) => {
    const { status } = await (await filled()).get(`${path}?${query}`);
    expect(status).toBe(400);
  });

  it("goes through very many in pages: each call looks at so many, and none is told twice or left out", async () => {
    const store = createMemoryCacheStore({ clock: { now: () => NOW_MS }, maxEntries: 10_000, maxBytes: null });
    const server = await start({ deps: { store } });
    for (let index = 0; index < 5_000; index++) {
      const promptText = index % 1_000 === 7 ? `needle ${index}` : `hay ${index}`;
      await store.put(sampleEntry(`e${index}`, { promptText }), store.generation());
    }
    const found: string[] = [];
    let calls = 0;
    let scanned = 0;
    let after = "";
    for (;;) {
      const { json } = await server.get(`${path}?q=needle&limit=2${after}`);
      calls++;
      scanned += json.scanned;
      expect(json.scanned).toBeLessThanOrEqual(2_100);
      found.push(...json.entries.map(({ id }: { id: string }) => id));
      if (json.next === null) break;
      after = `&after=${encodeURIComponent(json.next)}`;
    }
    expect(found).toEqual(["e4007", "e3007", "e2007", "e1007", "e7"]);
    expect(scanned).toBe(5_000);
    expect(calls).toBeGreaterThan(2);
    await store.close();
  });

  it("does not look for what a selector never selects for longer than it may", async () => {
    const store = createMemoryCacheStore({ clock: { now: () => NOW_MS }, maxEntries: 20_000, maxBytes: null });
    const server = await start({ deps: { store } });
    await store.put(sampleEntry("old", { tags: ["rare"] }), store.generation());
    for (let index = 0; index < 11_000; index++) await store.put(sampleEntry(`e${index}`), store.generation());
    const first = (await server.get(`${path}?tag=rare`)).json;
    expect([first.entries, first.scanned]).toEqual([[], 0]);
    const second = (await server.get(`${path}?tag=rare&after=${first.next}`)).json;
    expect([second.entries[0].id, second.next]).toEqual(["old", null]);
    await store.close();
  });

  it("other requests are answered while it reads", async () => {
    const store = createMemoryCacheStore({ clock: { now: () => NOW_MS }, maxEntries: 10_000, maxBytes: null });
    await store.put(sampleEntry("e"), store.generation());
    const { entries } = await store.list({ limit: 1 });
    // Each page takes longer than a step, and comes within the turn of the event loop that asks for it: how many turns
    // the search gives to others does not depend on the machine.
    vi.spyOn(store, "list").mockImplementation(() => {
      const endsAtMs = performance.now() + 5;
      while (performance.now() < endsAtMs);
      return Promise.resolve({ entries: Array.from({ length: 16 }, () => entries).flat(), next: "more" });
    });
    const server = await start({ deps: { store } });
    const order: string[] = [];
    const search = server.get(`${path}?q=needle`).then(() => order.push("search"));
    // Each goes over the event loop that the search runs on.
    for (let index = 0; index < 3; index++) await server.get("/health").then(() => order.push("health"));
    await search;
    expect(order.slice(0, 3)).toEqual(["health", "health", "health"]);
    await store.close();
  });
});

describe("one entry", () => {
  it("is shown with what the model said, out of JSON and out of a stream", async () => {
    const server = await start();
    const message = { role: "assistant", content: "It is Paris." };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    const json = JSON.stringify({ id: "1", object: "chat.completion", model: "m", choices });
    const chunk = (delta: object, finish: string | null) =>
      `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const stream =
      chunk({ role: "assistant", content: "It is " }, null) + chunk({ content: "Rome." }, "stop") + "data: [DONE]\n\n";
    const { answer } = sampleEntry("x");
    await server.store.put(sampleEntry("json", { answer: { ...answer, body: Buffer.from(json) } }), 0);
    const streamed = {
      ...answer,
      shape: "stream",
      contentType: "text/event-stream",
      body: Buffer.from(stream),
    } as const;
    await server.store.put(sampleEntry("stream", { answer: streamed }), 0);
    await server.store.put(
      sampleEntry("aside", { dialect: "cache-aside", answer: { ...answer, body: Buffer.from("any text") } }),
      0,
    );
    await server.store.put(sampleEntry("broken", { answer: { ...answer, body: Buffer.from('{"half":') } }), 0);
    const said: Record<string, unknown> = {};
    for (const id of ["json", "stream", "aside", "broken"])
      said[id] = (await server.get(`${path}/${id}`)).json.answer.said;
    expect(said).toEqual({ json: "It is Paris.", stream: "It is Rome.", aside: "any text", broken: null });
  });
});
