import { hash } from "node:crypto";
import type { LogKind, LoggedRequest } from "./logged-request.ts";
import type { NumberedLine } from "./read-log.ts";
import type { ReplayRequest, Understood } from "./replay-request.ts";

export interface IntakeOptions {
  readonly understand: (logged: LoggedRequest, line: number) => Understood;
  /** No more requests are kept than this. */
  readonly limit: number;
  /** The share of requests that is kept, 0 to 1. */
  readonly sample: number;
}

/** What a log was found to hold. */
export interface IntakeSummary {
  readonly kinds: Readonly<Partial<Record<LogKind, number>>>;
  /** Requests that the cache is not asked for, by reason. */
  readonly bypassed: Readonly<Record<string, number>>;
  /** Lines that hold no request to be replayed, by what they are. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly unreadable: number;
  /** The first of them. */
  readonly faults: readonly { readonly line: number; readonly why: string }[];
  /** The log goes on behind the limit. */
  readonly isCut: boolean;
  /** Every request has a time, so that entries expire. */
  readonly isTimed: boolean;
  /** Share of requests that was kept. */
  readonly sample: number;
}

const MAX_FAULTS = 10;

/**
 * Takes the lines of a log until the limit, and keeps what a replay needs of their requests, in the order of their times
 * where all have one.
 */
export async function takeLog(
  lines: AsyncIterable<NumberedLine>,
  { understand, limit, sample }: IntakeOptions,
  signal?: AbortSignal,
): Promise<{ readonly requests: readonly ReplayRequest[]; readonly summary: IntakeSummary }> {
  const requests: ReplayRequest[] = [];
  const kinds = new Counts();
  const bypassed = new Counts();
  const skipped = new Counts();
  const faults: { line: number; why: string }[] = [];
  let [unreadable, isCut, seen] = [0, false, 0];
  read: for await (const line of lines) {
    if (signal?.aborted) break;
    if (line.kind === "skipped") skipped.add(line.why);
    else if (line.kind === "unreadable") {
      unreadable++;
      if (faults.length < MAX_FAULTS) faults.push({ line: line.number, why: line.why });
    } else {
      for (const logged of line.requests) {
        if (!isSampled(seen++, sample)) continue;
        if (requests.length >= limit) {
          isCut = true;
          break read;
        }
        kinds.add(logged.kind);
        const understood = understand(logged, line.number);
        if (understood.kind === "bypass") bypassed.add(understood.reason);
        else requests.push(understood.request);
      }
    }
  }
  const isTimed = requests.length > 0 && requests.every(({ timeMs }) => timeMs !== null);
  return {
    requests: isTimed ? requests.toSorted((a, b) => (a.timeMs ?? 0) - (b.timeMs ?? 0)) : requests,
    summary: {
      kinds: kinds.toObject(),
      bypassed: bypassed.toObject(),
      skipped: skipped.toObject(),
      unreadable,
      faults,
      isCut,
      isTimed,
      sample,
    },
  };
}

/** By the request's place in the log: the same log gives the same sample. */
function isSampled(index: number, share: number): boolean {
  return share >= 1 || Number.parseInt(hash("sha256", String(index), "hex").slice(0, 8), 16) < share * 2 ** 32;
}

class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Most frequent first. */
  toObject(): Record<string, number> {
    return Object.fromEntries([...this.#counts].toSorted(([, a], [, b]) => b - a));
  }
}
