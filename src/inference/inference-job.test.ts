import { expect, test, vi } from "vitest";
import { SemcacheError } from "../base/errors.ts";
import { InferenceJob } from "./inference-job.ts";

const inputs = [
  { kind: "score", a: "a", b: "b" },
  { kind: "score", a: "c", b: "d" },
] as const;
const failure = new SemcacheError("inference-failed", "Cannot run the model: it is a test");

test("resolves with the outputs in the order of the inputs, whatever order they come in", async () => {
  const job = new InferenceJob("score", inputs, {}, () => undefined);
  job.put(1, 2);
  job.put(0, 1);
  await expect(job.result).resolves.toEqual([1, 2]);
});

test("an abort takes it out of the queue, once, and rejects it", async () => {
  const onAbort = vi.fn<(job: InferenceJob) => void>();
  const controller = new AbortController();
  const job = new InferenceJob("score", inputs, { signal: controller.signal }, onAbort);
  controller.abort();
  await expect(job.result).rejects.toMatchObject({ code: "aborted" });
  job.put(0, 1);
  job.put(1, 2);
  expect(onAbort).toHaveBeenCalledExactlyOnceWith(job);
});

test("an abort after the end changes nothing", async () => {
  const onAbort = vi.fn<(job: InferenceJob) => void>();
  const controller = new AbortController();
  const job = new InferenceJob("score", inputs.slice(0, 1), { signal: controller.signal }, onAbort);
  job.put(0, 1);
  await job.result;
  controller.abort();
  expect(onAbort).not.toHaveBeenCalled();
});

test("the first failure counts", async () => {
  const job = new InferenceJob("score", inputs, {}, () => undefined);
  job.fail(failure);
  job.fail(new SemcacheError("aborted", "Cannot run the models: the pool is closed"));
  await expect(job.result).rejects.toBe(failure);
});
