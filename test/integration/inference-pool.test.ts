import { spawnSync } from "node:child_process";
import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { MAX_TEXT_LENGTH, type InferencePool } from "#semcache/inference/inference-pool.js";
import { loadModelManifest, type ModelManifest } from "#semcache/inference/model-manifest.js";
import { createWorkerPool, type WorkerPoolOptions } from "#semcache/inference/worker-pool.js";

let models: ModelManifest;
/** One worker; for tests that leave it as they found it. */
let shared: InferencePool;
const pools: InferencePool[] = [];
/** The threads that were started since the test began. */
const threads: Worker[] = [];
process.on("worker", (thread) => threads.push(thread));

beforeAll(async () => {
  models = await loadModelManifest();
  shared = createWorkerPool({ models, workers: 1 });
  await shared.warm();
  threads.length = 0;
});
afterAll(() => shared.close());

async function startPool(options: Omit<WorkerPoolOptions, "models"> = {}): Promise<InferencePool> {
  const pool = createWorkerPool({ models, workers: 1, ...options });
  pools.push(pool);
  await pool.warm();
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
  threads.length = 0;
});

/** The thread dies of an uncaught exception between two steps of its work, and takes what it holds with it. */
async function killFirstThread(): Promise<void> {
  const [thread] = threads;
  if (thread === undefined) throw new TypeError("no thread was started");
  const ended = new Promise((resolve) => thread.once("exit", resolve));
  thread.postMessage({ kind: "nonsense" }, []);
  await ended;
}

/** Keeps one worker busy for a good while: nothing else is begun before the caller's synchronous code has run. */
const longCall = (pool: InferencePool, options = {}): Promise<unknown> =>
  pool.embed(
    Array.from({ length: 30 }, (_, index) => `${index} ${"river ".repeat(100)}`),
    options,
  );

const questions = Array.from(
  { length: 24 },
  (_, index) => `How many ${"very ".repeat(index % 7)}old bridges are there in town number ${index}?`,
);

describe("outputs", () => {
  test("a text's vector and a pair's logit do not depend on company, order, or worker", async () => {
    const pool = await startPool({ workers: 2, maxQueue: 1000 });
    const alone: Float32Array[] = [];
    for (const text of questions) {
      const [output] = await pool.embed([text]);
      if (output?.vector) alone.push(output.vector);
    }
    expect(alone).toHaveLength(questions.length);
    const [together, ...scattered] = await Promise.all([
      pool.embed(questions),
      ...questions.toReversed().map((text) => pool.embed([text])),
      pool.score(questions.map((text) => ({ a: text, b: text }))),
    ]);
    expect(together.map(({ vector }) => vector)).toEqual(alone);
    const single = (scattered.slice(0, -1) as (typeof together)[]).toReversed();
    expect(single.map(([output]) => output?.vector)).toEqual(alone);

    const pairs = questions.slice(1).map((b, index) => ({ a: questions[index] ?? "", b }));
    const sequential: (number | null)[] = [];
    for (const pair of pairs) sequential.push(...(await pool.score([pair])));
    const [, concurrent] = await Promise.all([pool.embed(questions), pool.score(pairs)]);
    expect(concurrent).toEqual(sequential);
  });

  test("texts and pairs up to the window are read, one token more is not", async () => {
    const words = (count: number): string => Array.from({ length: count }, () => "river").join(" ");
    const [fits, over, unread, empty] = await shared.embed([
      words(254),
      words(255),
      "x".repeat(MAX_TEXT_LENGTH + 1),
      "",
    ]);
    expect(fits).toMatchObject({ total: 254, unknown: 0, vector: { length: 384 } });
    expect(over).toEqual({ vector: null, total: 255, unknown: 0 });
    expect(unread).toEqual({ vector: null, total: 257, unknown: 0 });
    expect(empty).toMatchObject({ total: 0, vector: { length: 384 } });
    const logits = await shared.score([
      { a: words(60), b: words(65) },
      { a: words(60), b: words(66) },
      { a: words(1), b: "x".repeat(MAX_TEXT_LENGTH) },
    ]);
    expect(logits).toEqual([expect.any(Number), null, null]);
  });

  test("nothing in, nothing out", async () => {
    await expect(shared.embed([])).resolves.toEqual([]);
    await expect(shared.score([])).resolves.toEqual([]);
  });

  test("a call made while the workers load is served", async () => {
    const pool = createWorkerPool({ models, workers: 1 });
    pools.push(pool);
    expect(pool.status()).toMatchObject({ ready: false, degraded: false, workers: { wanted: 1, warm: 0 } });
    await expect(pool.score([{ a: "hello", b: "hello" }])).resolves.toEqual([expect.any(Number)]);
    expect(pool.status()).toMatchObject({ ready: true, workers: { wanted: 1, warm: 1 } });
  });
});

describe("queue", () => {
  test("over the cap a call is refused at once, and an abort gives the place back", async () => {
    const pool = await startPool({ maxQueue: 1 });
    const settled: string[] = [];
    const note = (name: string) => (): number => settled.push(name);
    const busy = longCall(pool).then(note("busy"));
    const controller = new AbortController();
    const waiting = pool.embed(["a"], { signal: controller.signal });
    expect(pool.status().waiting).toBe(1);
    await expect(pool.embed(["b"])).rejects.toMatchObject({ code: "inference-overloaded" });
    expect(settled).toEqual([]);

    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    expect(pool.status().waiting).toBe(0);
    const next = pool.embed(["c"]).then(note("next"));
    await Promise.all([busy, next]);
    expect(settled).toEqual(["busy", "next"]);
  });

  test("an abort amid a call stops its remaining texts", async () => {
    const controller = new AbortController();
    const aborted = longCall(shared, { signal: controller.signal });
    const after = shared.embed(["after"]);
    expect(shared.status()).toMatchObject({ running: 2, waiting: 1 });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: "aborted" });
    await expect(after).resolves.toHaveLength(1);
    expect(shared.status()).toMatchObject({ running: 0, waiting: 0 });
  });

  test("a call that is aborted before it begins does nothing", async () => {
    await expect(shared.embed(["a"], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    expect(shared.status()).toMatchObject({ running: 0, waiting: 0 });
  });

  test("an unbounded call is never refused, and lets bounded ones go first", async () => {
    const pool = await startPool({ maxQueue: 1 });
    const settled: string[] = [];
    const calls = Array.from({ length: 12 }, (_, index) =>
      pool.embed([`unbounded ${index}`], { queue: "unbounded" }).then(() => settled.push("unbounded")),
    );
    const bounded = pool.embed(["bounded"]).then(() => settled.push("bounded"));
    await expect(pool.embed(["refused"])).rejects.toMatchObject({ code: "inference-overloaded" });
    await Promise.all([...calls, bounded]);
    // Two were with the worker already.
    expect(settled.indexOf("bounded")).toBe(2);
    expect(settled).toHaveLength(13);
  });

  test("the event loop turns between the answers while 200 texts are embedded", async () => {
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    await shared.embed(Array.from({ length: 200 }, (_, index) => `Which platform does train ${index} leave from?`));
    counting = false;
    expect(turns).toBeGreaterThan(2000);
  });
});

describe("failures", () => {
  test("a killed worker fails what it held, is replaced, and gives the same numbers again", async () => {
    const pool = await startPool();
    const [before] = await pool.embed(["What is the capital of France?"]);
    const held = longCall(pool);
    const waiting = pool.embed(["waiting"], { queue: "unbounded" });
    const failures = Promise.all(
      [held, waiting].map((call) => expect(call).rejects.toMatchObject({ code: "inference-failed" })),
    );
    await killFirstThread();
    await failures;
    expect(pool.status()).toMatchObject({
      ready: false,
      degraded: true,
      workers: { wanted: 1, warm: 0 },
      waiting: 0,
      running: 0,
      failures: 1,
    });
    await expect(pool.embed(["nobody there"])).rejects.toMatchObject({ code: "inference-failed" });

    await pool.warm();
    expect(threads).toHaveLength(2);
    expect(pool.status()).toMatchObject({ ready: true, degraded: false, failures: 1 });
    await expect(pool.embed(["What is the capital of France?"])).resolves.toEqual([before]);
  });

  test("while one of two workers is dead the other goes on", async () => {
    const pool = await startPool({ workers: 2, maxQueue: 1000 });
    const calls = questions.map((text) =>
      pool.embed([text]).then(
        () => "done",
        (error: { code: string }) => error.code,
      ),
    );
    await killFirstThread();
    expect(pool.status()).toMatchObject({ ready: true, degraded: true });
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((outcome) => outcome === "inference-failed").length).toBeLessThanOrEqual(2);
    expect(outcomes.filter((outcome) => outcome === "done").length).toBeGreaterThanOrEqual(questions.length - 2);
    await pool.warm();
    expect(pool.status()).toMatchObject({ degraded: false, workers: { wanted: 2, warm: 2 }, failures: 1 });
  });

  test("close while busy rejects everything with `aborted`, and ends the threads", async () => {
    const pool = await startPool({ maxQueue: 5 });
    const exits = threads.map((thread) => new Promise((resolve) => thread.once("exit", resolve)));
    const calls = [longCall(pool), pool.embed(["a"]), pool.score([{ a: "a", b: "b" }], { queue: "unbounded" })];
    const rejected = Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ code: "aborted" })));
    await Promise.all([pool.close(), pool.close()]);
    await rejected;
    await Promise.all(exits);
    await expect(pool.embed(["late"])).rejects.toMatchObject({ code: "aborted" });
    await expect(pool.warm()).rejects.toMatchObject({ code: "aborted" });
    expect(pool.status()).toMatchObject({ ready: false, waiting: 0, running: 0, failures: 0 });
  });

  test("close while loading", async () => {
    const pool = createWorkerPool({ models, workers: 1 });
    await Promise.all([expect(pool.warm()).rejects.toMatchObject({ code: "aborted" }), pool.close()]);
  });

  test.each([0, -1, 1.5, Number.NaN])("%d workers are refused", (workers) => {
    expect(() => createWorkerPool({ models, workers })).toThrow(expect.objectContaining({ code: "config-invalid" }));
  });

  // Ending a thread inside the engine would end the process with SIGABRT.
  test.each([
    ["process.exit(7)", 7],
    ["throw new TypeError('boom')", 1],
  ])("%s while models load or run ends the process with %i", (statement, status) => {
    const source = (ready: string): string => `
      const { createWorkerPool } = await import(${JSON.stringify(import.meta.resolve("#semcache/inference/worker-pool.js"))});
      const { loadModelManifest } = await import(${JSON.stringify(import.meta.resolve("#semcache/inference/model-manifest.js"))});
      const pool = createWorkerPool({ models: await loadModelManifest(), workers: 1 });
      ${ready}
      pool.embed(Array.from({ length: 30 }, () => "river ".repeat(200))).catch(() => undefined);
      setTimeout(() => { ${statement} }, 50);
    `;
    for (const ready of ["", "await pool.warm();"]) {
      const ended = spawnSync(process.execPath, ["--input-type=module", "--eval", source(ready)], { encoding: "utf8" });
      expect(ended).toMatchObject({ signal: null, status });
    }
  });
});
