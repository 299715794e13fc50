import { LRUCache } from "lru-cache";
import type { TenantId } from "../model/keys.ts";

/** Short digests of the parts of a frame, as `partition.ts` makes them: always the same parts, in the same order. */
export type FramePartDigests = Readonly<Record<string, string>>;

const MAX_TENANTS = 1_000;
const FRAMES_PER_TENANT = 64;

/**
 * The latest frames of each tenant, so that "why does it never hit" can be answered with the part of the request that
 * keeps changing. Bounded; forgets the tenants and frames that were not seen for longest.
 */
export class FrameJournal {
  readonly #tenants = new LRUCache<TenantId, Map<string, readonly string[]>>({ max: MAX_TENANTS });

  /** Names the parts in which this frame differs from the nearest one seen before; null: seen, or the first. */
  record(tenant: TenantId, frame: string, parts: FramePartDigests): string | null {
    let frames = this.#tenants.get(tenant);
    if (frames === undefined) this.#tenants.set(tenant, (frames = new Map()));
    const known = frames.get(frame);
    const digests = known ?? Object.values(parts);
    const nearest = known ? null : findNearest(frames.values(), digests);
    frames.delete(frame);
    frames.set(frame, digests);
    if (frames.size > FRAMES_PER_TENANT) {
      const [oldest] = frames.keys();
      if (oldest !== undefined) frames.delete(oldest);
    }
    if (nearest === null) return null;
    const differing = Object.keys(parts).filter((_, index) => digests[index] !== nearest[index]);
    return differing.join(",") || null;
  }
}

function findNearest(frames: Iterable<readonly string[]>, digests: readonly string[]): readonly string[] | null {
  let nearest: readonly string[] | null = null;
  let fewest = Number.POSITIVE_INFINITY;
  for (const frame of frames) {
    let differing = 0;
    for (let index = 0; index < digests.length; index++) if (digests[index] !== frame[index]) differing++;
    // Later ones are newer: on a tie the newest wins.
    if (differing > fewest) continue;
    nearest = frame;
    fewest = differing;
  }
  return nearest;
}
