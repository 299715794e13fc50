import { expect, test } from "vitest";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import { Landings } from "./landings.ts";

const key = (text: string) => text as ExactKey;
const partition = (text: string) => text as PartitionKey;

test("a landing is waited for by its key and its partition, and forgotten when it is done", async () => {
  const landings = new Landings();
  const { promise, resolve } = deferred();
  landings.add(key("k"), partition("p"), promise);
  expect(landings.of(key("other"))).toBeNull();
  expect(landings.in(partition("other"))).toBeNull();
  const waiting = Promise.all([landings.of(key("k")), landings.in(partition("p")), landings.all()]);
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
  landings.add(key("k"), partition("p"), first.promise);
  landings.add(key("k"), partition("p"), second.promise);
  first.reject(new Error("lost"));
  await new Promise(setImmediate);
  expect(landings.of(key("k"))).not.toBeNull();
  expect(landings.in(partition("p"))).not.toBeNull();
  second.resolve();
  await landings.all();
  expect(landings.size).toBe(0);
});

function deferred() {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { promise, resolve, reject };
}
