import type { RequestReport } from "./request-report.ts";

/** What was decided about one request, for people who ask why. */
export type Decision = RequestReport;

/** The last requests, newest first. Listing is rare and walks; adding is one assignment. */
export interface Decisions {
  add(report: RequestReport): void;
  /** `before`: the `next` of the page before. */
  list(options: { readonly limit: number; readonly before?: string | undefined }): DecisionPage;
  find(id: string): Decision | null;
}

export interface DecisionPage {
  readonly decisions: readonly Decision[];
  /** Null where nothing older is kept. */
  readonly next: string | null;
}

/** A ring of the last `capacity` reports (1,000): older ones are overwritten. */
export function createDecisions({ capacity = 1_000 }: { readonly capacity?: number } = {}): Decisions {
  const ring: RequestReport[] = [];
  let added = 0;
  const at = (sequence: number) => ring[sequence % capacity];
  return {
    add(report) {
      ring[added % capacity] = report;
      added++;
    },
    list({ limit, before }) {
      const oldest = Math.max(0, added - capacity);
      // A sequence number, not an index: it stays right while the ring turns.
      const end = Math.min(added, before === undefined ? added : toSequence(before));
      const start = Math.max(oldest, end - limit);
      const decisions: Decision[] = [];
      for (let sequence = end - 1; sequence >= start; sequence--) {
        const report = at(sequence);
        if (report) decisions.push(report);
      }
      return { decisions, next: start > oldest && decisions.length > 0 ? String(start) : null };
    },
    find(id) {
      for (let sequence = added - 1; sequence >= Math.max(0, added - capacity); sequence--) {
        const report = at(sequence);
        if (report?.id === id) return report;
      }
      return null;
    },
  };
}

function toSequence(cursor: string): number {
  const sequence = Number(cursor);
  return Number.isSafeInteger(sequence) && sequence >= 0 ? sequence : 0;
}
