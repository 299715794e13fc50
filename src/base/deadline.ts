import { SemcacheError, type ErrorCode } from "./errors.ts";

/** The reason where nothing went wrong: the default one is an exception with a stack trace, made for each wait that ends well. */
const OVER = "the wait is over";

/**
 * Waits for `work` until `signal` aborts or `timeoutMs` passes; the timeout's error names the phase.
 * `work` gets a signal that aborts on either, with the error as its reason, so that queued work gives its place back.
 *
 * @throws {SemcacheError} `aborted`, or `code` on timeout.
 */
export async function withDeadline<T>(
  options: {
    readonly phase: string;
    readonly timeoutMs: number;
    readonly code: ErrorCode;
    readonly signal?: AbortSignal | undefined;
  },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal, phase, timeoutMs, code } = options;
  let onAbort: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let reason: unknown = OVER;
  try {
    const stop = new Promise<never>((_, reject) => {
      onAbort = () => reject(new SemcacheError("aborted", `Cannot finish ${phase}: the caller went away`));
      if (signal?.aborted) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      timer = setTimeout(
        () => reject(new SemcacheError(code, `Cannot finish ${phase}: ${timeoutMs} ms passed`)),
        timeoutMs,
      );
      timer.unref();
    });
    const working = work(controller.signal);
    // Whichever loses the race must not become an unhandled rejection.
    working.catch(() => undefined);
    stop.catch(() => undefined);
    return await Promise.race([working, stop]);
  } catch (error) {
    reason = error;
    throw error;
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener("abort", onAbort);
    controller.abort(reason);
  }
}
