import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JobQueue, type QueuedJob } from "./job-queue.ts";

interface TestJob extends QueuedJob {
  readonly name: string;
}
const job = (name: string, kind: QueuedJob["kind"], size = 1, queue: QueuedJob["queue"] = "bounded"): TestJob => ({
  name,
  kind,
  size,
  queue,
});

function drain(queue: JobQueue<TestJob>): string[] {
  const order: string[] = [];
  for (let item = queue.take(); item !== null; item = queue.take()) order.push(`${item.job.name}${item.index}`);
  return order;
}

describe("order", () => {
  test("scores before embeddings before unbounded, first come first served in each", () => {
    const queue = new JobQueue<TestJob>({ maxWaiting: 9 });
    queue.add(job("u", "score", 1, "unbounded"));
    queue.add(job("e", "embed"));
    queue.add(job("f", "embed"));
    queue.add(job("s", "score", 2));
    queue.add(job("t", "score"));
    expect(drain(queue)).toEqual(["s0", "s1", "t0", "e0", "f0", "u0"]);
  });

  test("the unbounded queue gets one turn in eight under load", () => {
    const queue = new JobQueue<TestJob>({ maxWaiting: 9 });
    queue.add(job("u", "embed", 100, "unbounded"));
    queue.add(job("e", "embed", 1000));
    const turns = Array.from({ length: 80 }, () => queue.take()?.job.name);
    expect(turns.filter((name) => name === "u")).toHaveLength(10);
    expect(turns.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => "e"));
  });
});

describe("cap", () => {
  test("counts waiting calls, not their texts, and not the call that has begun", () => {
    const queue = new JobQueue<TestJob>({ maxWaiting: 2 });
    queue.add(job("a", "embed", 50));
    expect(queue.hasRoom("embed")).toBe(true);
    queue.add(job("b", "embed"));
    expect(queue.hasRoom("embed")).toBe(false);
    queue.take();
    expect(queue.hasRoom("embed")).toBe(true);
    expect(queue.waiting).toBe(1);
  });

  test("embeddings that wait do not refuse the scores of lookups that are under way", () => {
    const queue = new JobQueue<TestJob>({ maxWaiting: 1 });
    queue.add(job("a", "embed"));
    expect(queue.hasRoom("embed")).toBe(false);
    expect(queue.hasRoom("score")).toBe(true);
  });

  test("unbounded calls take no room", () => {
    const queue = new JobQueue<TestJob>({ maxWaiting: 1 });
    for (let index = 0; index < 5; index++) queue.add(job(`u${index}`, "embed", 1, "unbounded"));
    expect(queue.hasRoom("embed")).toBe(true);
    expect(queue.waiting).toBe(5);
  });

  test("nothing may wait with a cap of 0", () => {
    expect(new JobQueue({ maxWaiting: 0 }).hasRoom("embed")).toBe(false);
  });
});

test("a removed job gives its place back, begun or not", () => {
  const queue = new JobQueue<TestJob>({ maxWaiting: 2 });
  const [a, b] = [job("a", "embed", 3), job("b", "embed")];
  queue.add(a);
  queue.add(b);
  queue.take();
  queue.remove(a);
  queue.remove(a);
  expect(queue.waiting).toBe(1);
  expect(drain(queue)).toEqual(["b0"]);
});

test("clear returns every job once", () => {
  const queue = new JobQueue<TestJob>({ maxWaiting: 9 });
  for (const waiting of [job("a", "embed", 2), job("s", "score"), job("u", "embed", 1, "unbounded")])
    queue.add(waiting);
  queue.take();
  queue.take();
  expect(queue.clear().map(({ name }) => name)).toEqual(["a", "u"]);
  expect(queue.take()).toBeNull();
  expect(queue.waiting).toBe(0);
});

test("every item of every job that stays is taken exactly once, in order within its job", () => {
  const jobs = fc.array(
    fc.record({
      kind: fc.constantFrom("embed" as const, "score" as const),
      queue: fc.constantFrom("bounded" as const, "unbounded" as const),
      size: fc.integer({ min: 1, max: 5 }),
      takesAfter: fc.nat(4),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(jobs, (jobs) => {
      const queue = new JobQueue<(typeof jobs)[number]>({ maxWaiting: 3 });
      const seen = new Map(jobs.map((each) => [each, [] as number[]]));
      let taken = 0;
      const take = (): boolean => {
        const item = queue.take();
        if (item === null) return false;
        seen.get(item.job)?.push(item.index);
        taken++;
        return true;
      };
      for (const each of jobs) {
        queue.add(each);
        for (let count = 0; count < each.takesAfter; count++) take();
      }
      while (take());
      expect(taken).toBe(jobs.reduce((sum, { size }) => sum + size, 0));
      for (const [{ size }, indexes] of seen)
        expect(indexes).toEqual(Array.from({ length: size }, (_, index) => index));
    }),
  );
});
