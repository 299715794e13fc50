import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const TICK_MS = 1;
/** Shorter holds are not told one by one. */
const TOLD_FROM_MS = 2;

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
  const holds = [];
  let longestMs = 0;
  const look = () => {
    const nowMs = performance.now();
    const nowQueuedMs = readQueuedMs();
    const { idleTime: nowIdleMs } = performance.nodeTiming;
    const heldMs = nowMs - sinceMs - TICK_MS;
    longestMs = Math.max(longestMs, heldMs);
    if (heldMs > TOLD_FROM_MS) {
      const lateMs = heldMs - (nowQueuedMs - queuedMs);
      // Of the idle time, a tick is what the timer asked for.
      const ownMs = Math.min(lateMs, heldMs - (nowIdleMs - idleMs - TICK_MS));
      const toMs = performance.timeOrigin + nowMs;
      holds.push({ fromMs: toMs - heldMs, toMs, ownMs, lateMs });
    }
    sinceMs = nowMs;
    queuedMs = nowQueuedMs;
    idleMs = nowIdleMs;
  };
  const timer = setInterval(look, TICK_MS);
  return {
    /** @returns {{ longestMs: number, holds: Hold[] }} */
    end() {
      look();
      clearInterval(timer);
      if (file !== null) closeSync(file);
      return { longestMs, holds };
    },
  };
}

/**
 * @typedef {object} Hold
 * @property {number} fromMs of the same clock in all processes
 * @property {number} toMs
 * @property {number} ownMs without what is not the product's doing
 * @property {number} lateMs without waiting for a processor alone
 */

/**
 * The longest hold without the moments at which a process that does nothing was late too: then the machine stood still.
 *
 * @param {readonly Hold[]} holds
 * @param {readonly Hold[]} idle of that process
 */
export function longestBeside(holds, idle) {
  const own = holds.map(({ fromMs, toMs, ownMs }) => {
    let stoodStillMs = 0;
    for (const late of idle) {
      const togetherMs = Math.min(toMs, late.toMs) - Math.max(fromMs, late.fromMs);
      stoodStillMs += Math.max(0, Math.min(togetherMs, late.lateMs));
    }
    return ownMs - stoodStillMs;
  });
  return Math.max(0, ...own);
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
