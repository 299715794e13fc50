import { SemcacheError } from "../../base/errors.ts";
import type { Config } from "../../config/config.ts";
import { dialects } from "../../formats/dialects.ts";
import { takeLog, type IntakeSummary } from "../../tuning/log-intake.ts";
import { guessLogFormat, readLog, type LogFormat } from "../../tuning/read-log.ts";
import { createLogUnderstanding, type ReplayRequest } from "../../tuning/replay-request.ts";
import { createUpstreamPolicy } from "../../upstream/upstream-policy.ts";
import { openInput, peek } from "../input.ts";
import { createProgressBar, toBytes, toCount } from "../progress-bar.ts";
import type { TuneWishes } from "./tune-flags.ts";

/** What is looked at to tell the format. */
const MAX_HEAD_BYTES = 65_536;

/** What a replay needs of a log, and what was found in it. */
export interface TakenLog {
  readonly requests: readonly ReplayRequest[];
  readonly about: IntakeSummary & { readonly name: string; readonly format: LogFormat };
}

/** @throws {SemcacheError} `bad-request` for a log without a request that could be replayed */
export async function takeFile(
  path: string,
  config: Config,
  wishes: Pick<TuneWishes, "limit" | "sample"> & {
    readonly promptName: string | null;
    readonly labelName: string | null;
    readonly stop: AbortSignal;
  },
): Promise<TakenLog> {
  const { cache, upstream } = config;
  const input = await openInput(path, wishes.stop);
  const bar = createProgressBar(process.stderr, { label: "reading", total: input.size });
  try {
    const { head, chunks } = await peek(input.chunks, MAX_HEAD_BYTES);
    const { name } = input;
    const format = guessLogFormat(head, name);
    const understand = createLogUnderstanding({
      dialects,
      policy: createUpstreamPolicy({
        allow: upstream.allow,
        allowPublic: upstream.allowPublic,
        providers: upstream.baseUrls,
        viaEgressProxy: upstream.proxy !== null,
      }),
      providers: upstream.providers,
      // What is tried is what matching by meaning would do, whether or not it is on.
      plan: { ...cache, mode: "semantic", maxErrorRate: 1 },
      ignoreFields: cache.ignoreFields,
      varyHeaders: cache.varyHeaders,
      maxRequestBytes: cache.maxRequestBytes,
    });
    let bytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        yield chunk;
        bytes += chunk.length;
        bar.show(bytes, toBytes(bytes));
      }
    }
    const { requests, summary } = await takeLog(
      readLog(format, counted(), wishes),
      { understand, ...wishes },
      wishes.stop,
    );
    if (wishes.stop.aborted) {
      const read = toCount(requests.length, "request", "requests");
      throw new SemcacheError("aborted", `Stopped: interrupted while reading ${name}, after ${read}`);
    }
    if (requests.length === 0) throw nothingIn(name, summary);
    return { requests, about: { ...summary, name, format } };
  } finally {
    bar.end();
    input.close();
  }
}

function nothingIn(name: string, { unreadable, faults, bypassed, skipped }: IntakeSummary): SemcacheError {
  const [fault] = faults;
  const counts = (told: Readonly<Record<string, number>>) =>
    Object.entries(told).map(([what, count]) => `${count} ${what}`);
  const why = [
    ...(fault === undefined
      ? []
      : [`${toCount(unreadable, "line", "lines")} unreadable, line ${fault.line}: ${fault.why}`]),
    ...counts(skipped),
    ...counts(bypassed).map((count) => `${count} (the cache is not asked)`),
  ];
  const told = why.length === 0 ? "it is empty" : why.join("; ");
  return new SemcacheError("bad-request", `Cannot tune: ${name} holds no request that can be replayed: ${told}`);
}
