import { monitorEventLoopDelay } from "node:perf_hooks";

/** Milliseconds between two looks at the clock; the histogram's values include it. */
const RESOLUTION_MS = 1;
let cpuAtReset = process.cpuUsage();
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

const answers = {
  reset() {
    cpuAtReset = process.cpuUsage();
    delay.enable();
    delay.reset();
    return {};
  },
  /** CPU time of all threads and the event loop's delay since the last reset. */
  usage() {
    const { user, system } = process.cpuUsage(cpuAtReset);
    delay.disable();
    const ms = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    return { cpuMs: (user + system) / 1000, delayMaxMs: ms(delay.max), delayP99Ms: ms(delay.percentile(99)) };
  },
  /** Bytes; the heap after a collection where the process has `--expose-gc`. */
  memory() {
    globalThis.gc?.();
    globalThis.gc?.();
    return process.memoryUsage();
  },
};

/**
 * Tells the parent the port, then answers its questions.
 *
 * @param {number} port
 * @param {() => void | Promise<void>} stop
 * @param {Record<string, () => object | Promise<object>>} [more] further questions
 */
export function serveParent(port, stop, more = {}) {
  const all = { ...answers, ...more };
  process.on("message", async (question) => {
    if (question === "stop") {
      await stop();
      process.exit(0);
    }
    process.send(await all[question]());
  });
  process.on("disconnect", () => process.exit(1));
  process.send({ port });
}
