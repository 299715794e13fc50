import { expect, test } from "vitest";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import { Landings, type Landing } from "./landings.ts";

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

function entry(id: string): Landing["entry"] {
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
      body: Buffer.from("{}"),
    },
    usage: null,
    finishReason: "stop",
    providerMs: 1,
    tags: [],
    createdAtMs: 0,
    expiresAtMs: 1,
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
