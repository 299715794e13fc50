import { describe, expect, test } from "vitest";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import { Landings, MAX_LANDING_BYTES, type Landing } from "./landings.ts";

const key = (text: string) => text as ExactKey;
const partition = (text: string) => text as PartitionKey;

test("a landing is waited for by its key and its partition, and forgotten when it is done", async () => {
  const landings = new Landings();
  const { promise, resolve } = deferred();
  landings.add(entry("first"), 7, promise);
  expect(landings.of(key("k"))).toMatchObject({ entry: { id: "first" }, generation: 7 });
  expect(landings.of(key("other"))).toBeNull();
  expect(landings.in(partition("other"))).toBeNull();
  const waiting = Promise.all([landings.of(key("k"))?.landed, landings.in(partition("p")), landings.all()]);
  resolve();
  await waiting;
  expect(landings.of(key("k"))).toBeNull();
  expect(landings.in(partition("p"))).toBeNull();
  expect(landings.size).toBe(0);
});

test("a landing that fails is over all the same, and a newer one of the same key is not forgotten with it", async () => {
  const landings = new Landings();
  const first = deferred();
  const second = deferred();
  landings.add(entry("first"), 0, first.promise);
  landings.add(entry("second"), 0, second.promise);
  first.reject(new Error("lost"));
  await new Promise(setImmediate);
  expect(landings.of(key("k"))?.entry.id).toBe("second");
  expect(landings.in(partition("p"))).not.toBeNull();
  second.resolve();
  await landings.all();
  expect(landings.size).toBe(0);
});

describe("room", () => {
  const HALF = MAX_LANDING_BYTES / 2;
  /** What an entry takes beside answer and prompt is less than this. */
  const BESIDE = 10_000;

  test("is taken by answers and prompts, and free again when they have landed or are lost", async () => {
    const landings = new Landings();
    const first = deferred();
    const second = deferred();
    landings.add(entry("first", Buffer.alloc(HALF)), 0, first.promise);
    expect(landings.hasRoomFor(entry("next", Buffer.alloc(HALF - BESIDE)))).toBe(true);
    expect(landings.hasRoomFor(entry("next", Buffer.alloc(HALF)))).toBe(false);
    expect(landings.hasRoomFor({ ...entry("next"), promptText: "x".repeat(HALF) })).toBe(false);
    landings.add(entry("second", Buffer.alloc(HALF - BESIDE)), 0, second.promise);
    expect(landings.hasRoomFor(entry("next", Buffer.alloc(BESIDE)))).toBe(false);
    first.reject(new Error("lost"));
    await new Promise(setImmediate);
    expect(landings.hasRoomFor(entry("next", Buffer.alloc(HALF)))).toBe(true);
    second.resolve();
    await landings.all();
    expect(landings.size).toBe(0);
  });

  test("is there for one alone, however large, and for none beside it", () => {
    const landings = new Landings();
    const large = entry("large", Buffer.alloc(MAX_LANDING_BYTES));
    expect(landings.hasRoomFor(large)).toBe(true);
    landings.add(large, 0, deferred().promise);
    expect(landings.hasRoomFor(entry("small"))).toBe(false);
  });

  test("is bounded in number too: an entry without a byte of answer takes some", () => {
    const landings = new Landings();
    const empty = { ...entry("empty", Buffer.alloc(0)), promptText: "" };
    while (landings.size < 100_000 && landings.hasRoomFor(empty)) landings.add(empty, 0, deferred().promise);
    expect(landings.size).toBeLessThan(100_000);
  });
});

function entry(id: string, body = Buffer.from("{}")): Landing["entry"] {
  return {
    id,
    exactKey: key("k"),
    partition: partition("p"),
    tenant: "tenant" as TenantId,
    namespace: "default",
    dialect: "openai-chat",
    upstream: "https://api.openai.com/v1/chat/completions",
    model: "gpt-4o",
    promptText: "prompt",
    answer: {
      shape: "json",
      status: 200,
      contentType: "application/json",
      openaiVersion: null,
      body,
    },
    usage: null,
    finishReason: "stop",
    providerMs: 1,
    tags: [],
    createdAtMs: 0,
    expiresAtMs: 1,
    vector: null,
  };
}

function deferred() {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { promise, resolve, reject };
}
