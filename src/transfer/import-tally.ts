import { MAX_FAULTS, type ImportSummary, type LineFault, type SkipReason } from "./entry-importer.ts";

/** Several summaries, and what became of lines that were not sent at all, as one. */
export class ImportTally {
  readonly #skipped: Partial<Record<SkipReason, number>> = {};
  readonly #faults: LineFault[] = [];
  #lines = 0;
  #stored = 0;
  #refused = 0;

  /** @param lineOf the number in the file of the line that the summary counts as this one */
  add({ lines, stored, skipped, refused, faults }: ImportSummary, lineOf: (line: number) => number): void {
    this.#lines += lines;
    this.#stored += stored;
    this.#refused += refused;
    for (const [reason, count] of Object.entries(skipped)) this.#count(reason as SkipReason, count);
    for (const { line, message } of faults) this.#tell({ line: lineOf(line), message });
  }

  skip(reason: SkipReason): void {
    this.#lines++;
    this.#count(reason, 1);
  }

  refuse(line: number, message: string): void {
    this.#lines++;
    this.#refused++;
    this.#tell({ line, message });
  }

  get refused(): number {
    return this.#refused;
  }

  summary(): ImportSummary {
    return {
      lines: this.#lines,
      stored: this.#stored,
      skipped: { ...this.#skipped },
      refused: this.#refused,
      faults: this.#faults.toSorted((one, other) => one.line - other.line).slice(0, MAX_FAULTS),
    };
  }

  #count(reason: SkipReason, count: number): void {
    this.#skipped[reason] = (this.#skipped[reason] ?? 0) + count;
  }

  #tell(fault: LineFault): void {
    // The first of each part are enough: the parts come in order.
    if (this.#faults.length < 2 * MAX_FAULTS) this.#faults.push(fault);
  }
}
