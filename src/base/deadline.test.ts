import { describe, expect, test } from "vitest";
import { withDeadline } from "./deadline.ts";

const options = { phase: "the test", timeoutMs: 60_000, code: "lookup-timeout" as const };

describe("withDeadline", () => {
  test("gives the result of the work", async () => {
    await expect(withDeadline(options, async () => 7)).resolves.toBe(7);
  });

  test("hands on the error of the work", async () => {
    await expect(withDeadline(options, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  test("names the phase when the time is over, and tells the work to stop, and why", async () => {
    let stopped: Promise<unknown> = Promise.resolve();
    const waiting = withDeadline({ ...options, timeoutMs: 1 }, (signal) => {
      stopped = new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));
      return new Promise(() => undefined);
    });
    await expect(waiting).rejects.toMatchObject({
      code: "lookup-timeout",
      message: "Cannot finish the test: 1 ms passed",
    });
    expect(await stopped).toMatchObject({ code: "lookup-timeout" });
  });

  test("ends when the caller leaves, also before the start", async () => {
    const controller = new AbortController();
    const waiting = withDeadline({ ...options, signal: controller.signal }, () => new Promise(() => undefined));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    await expect(
      withDeadline({ ...options, signal: controller.signal }, () => new Promise(() => undefined)),
    ).rejects.toMatchObject({ code: "aborted" });
  });
});
