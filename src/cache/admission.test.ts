import { expect, test } from "vitest";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import type { NotStoredReason } from "../model/reason.ts";
import type { PutOutcome } from "../store/cache-store.ts";
import { createMemoryCacheStore } from "../store/memory-cache-store.ts";
import { createAdmission } from "./admission.ts";
import { Landings, MAX_LANDING_BYTES } from "./landings.ts";

const MIB = 1024 * 1024;

/** A store whose disk hangs until the test lets it go on. */
function hangingStore() {
  const clock = { now: () => 1_000 };
  const store = createMemoryCacheStore({ clock, maxEntries: null, maxBytes: null });
  const waiting: (() => void)[] = [];
  const put: typeof store.put = (entry, generation) =>
    new Promise<PutOutcome>((resolve) => waiting.push(() => resolve(store.put(entry, generation))));
  const landings = new Landings();
  const lost: NotStoredReason[] = [];
  const admission = createAdmission({
    store: { findExact: (key) => store.findExact(key), put, health: () => store.health() },
    matcher: { prepare: () => Promise.reject(new Error("Nothing can be embedded")) },
    landings,
    clock,
    maxEntryBytes: 2 * MAX_LANDING_BYTES,
    onLost: (reason) => lost.push(reason),
  });
  const admit = (key: string, body: Buffer) =>
    admission.admit({
      exactKey: key as ExactKey,
      partition: "partition" as PartitionKey,
      tenant: "tenant" as TenantId,
      namespace: "default",
      dialect: "openai-chat",
      upstream: "https://api.openai.com/v1/chat/completions",
      model: "gpt-4o",
      promptText: "prompt",
      semantic: false,
      prepared: null,
      ttlMs: 1_000,
      tags: [],
      generation: store.generation(),
      startedAtMs: clock.now(),
      providerMs: 1,
      openaiVersion: null,
      answer: { status: 200, contentType: "application/json", shape: "json", body, framingComplete: true },
      examine: (answer) => ({
        kind: "storable",
        body: answer.body,
        semantic: true,
        usage: null,
        finishReason: "stop",
        text: "",
      }),
    });
  const goOn = async () => {
    // What was just admitted looks for a standing entry first.
    await new Promise(setImmediate);
    for (const resolve of waiting.splice(0)) resolve();
    await landings.all();
  };
  return { store, landings, lost, admit, goOn };
}

test("while a disk hangs, answers are admitted up to a number of bytes, and again when it goes on", async () => {
  const { store, landings, lost, admit, goOn } = hangingStore();
  const body = Buffer.alloc(MIB);
  let bytes = 0;
  const refusals: string[] = [];
  for (let index = 0; index < 200; index++) {
    const outcome = admit(`key ${index}`, body);
    if (outcome.kind === "landing") bytes += body.length;
    else refusals.push(outcome.reason);
  }
  expect(bytes).toBe(MAX_LANDING_BYTES - MIB);
  expect(new Set(refusals)).toEqual(new Set(["store-busy"]));
  expect(landings.of("key 0" as ExactKey)).not.toBeNull();
  expect(landings.of("key 199" as ExactKey)).toBeNull();
  await goOn();
  expect(store.stats().entries).toBe(bytes / MIB);
  expect(admit("key 199", body)).toMatchObject({ kind: "landing" });
  await goOn();
  expect(await store.findExact("key 199" as ExactKey)).not.toBeNull();
  expect(lost).toEqual([]);
});

test("an answer that is larger than all that may be under way is admitted where it is alone", async () => {
  const { store, admit, goOn } = hangingStore();
  const large = Buffer.alloc(MAX_LANDING_BYTES + 1);
  expect(admit("large", large)).toMatchObject({ kind: "landing" });
  expect(admit("small", Buffer.from("{}"))).toEqual({ kind: "refused", reason: "store-busy" });
  await goOn();
  expect(store.stats().entries).toBe(1);
  expect(admit("small", Buffer.from("{}"))).toMatchObject({ kind: "landing" });
  expect(admit("large", large)).toEqual({ kind: "refused", reason: "store-busy" });
  await goOn();
});
