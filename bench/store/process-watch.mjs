import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const TICK_MS = 1;

/** Private memory of this process in bytes, without files that are mapped; null where the system does not tell. */
export function privateBytes() {
  for (let round = 0; round < 3; round++) globalThis.gc?.();
  try {
    const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  } catch {
    return null;
  }
}

/** How often a thread of this process had to wait for memory that was not there, of mapped files mostly (major faults). */
export function countDiskReads() {
  return process.resourceUsage().majorPageFault;
}

/**
 * Watches how long the event loop is held. A timer of one millisecond looks at the clock; what the thread spent waiting
 * for a processor meanwhile (Linux tells: /proc/self/task/<id>/schedstat), or for something to do, when it was woken too
 * late, is not the product's doing and is told apart: the larger of the two, since they may be the same time.
 */
export function watchEventLoop() {
  const file = openSchedule();
  const buffer = Buffer.alloc(96);
  const readQueuedMs = () => {
    if (file === null) return 0;
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return Number(buffer.toString("latin1", 0, length).split(" ")[1]) / 1e6;
  };
  let sinceMs = performance.now();
  let queuedMs = readQueuedMs();
  let { idleTime: idleMs } = performance.nodeTiming;
  let longestMs = 0;
  let longestOwnMs = 0;
  let longestLateMs = 0;
  const look = () => {
    const nowMs = performance.now();
    const nowQueuedMs = readQueuedMs();
    const { idleTime: nowIdleMs } = performance.nodeTiming;
    const heldMs = nowMs - sinceMs - TICK_MS;
    longestMs = Math.max(longestMs, heldMs);
    // Of the idle time, a tick is what the timer asked for.
    const notOurMs = Math.max(nowQueuedMs - queuedMs, nowIdleMs - idleMs - TICK_MS);
    longestOwnMs = Math.max(longestOwnMs, heldMs - notOurMs);
    longestLateMs = Math.max(longestLateMs, heldMs - (nowQueuedMs - queuedMs));
    sinceMs = nowMs;
    queuedMs = nowQueuedMs;
    idleMs = nowIdleMs;
  };
  const timer = setInterval(look, TICK_MS);
  return {
    /**
     * @returns {{ longestMs: number, longestOwnMs: number, longestLateMs: number }} `longestOwnMs`: without what is not the
     *   product's doing; `longestLateMs`: without waiting for a processor alone
     */
    end() {
      look();
      clearInterval(timer);
      if (file !== null) closeSync(file);
      return { longestMs, longestOwnMs, longestLateMs };
    },
  };
}

function openSchedule() {
  try {
    return openSync(`/proc/self/task/${process.pid}/schedstat`, "r");
  } catch {
    return null;
  }
}

/** Resolves when this process, all threads of it, has little to do any more; to the seconds that took. */
export async function untilQuiet() {
  const startedMs = performance.now();
  for (let quiet = 0; quiet < 2;) {
    const before = process.cpuUsage();
    const sinceMs = performance.now();
    await sleep(500);
    const { user, system } = process.cpuUsage(before);
    quiet = (user + system) / 1000 < 0.02 * (performance.now() - sinceMs) ? quiet + 1 : 0;
  }
  return Math.max(0, (performance.now() - startedMs) / 1000 - 1);
}
