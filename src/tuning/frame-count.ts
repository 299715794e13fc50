import type { ReplayRequest } from "./replay-request.ts";

/** How many kinds of each part of the frame (model, system, history…) a log has; an empty list where it does not tell. */
export function countFrameParts(requests: Iterable<Pick<ReplayRequest, "frameParts">>): readonly FramePartCount[] {
  const kinds = new Map<string, Set<string>>();
  for (const { frameParts } of requests) {
    for (const [part, digest] of Object.entries(frameParts ?? {})) {
      const known = kinds.get(part) ?? new Set();
      kinds.set(part, known.add(digest));
    }
  }
  return [...kinds]
    .map(([part, digests]) => ({ part, kinds: digests.size }))
    .filter((count) => count.kinds > 1)
    .toSorted((a, b) => b.kinds - a.kinds);
}

export interface FramePartCount {
  readonly part: string;
  readonly kinds: number;
}
