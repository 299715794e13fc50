/** Calls that wait for a worker. Pure: knows nothing of workers, texts or time. */
export interface QueuedJob {
  readonly kind: "embed" | "score";
  readonly queue: "bounded" | "unbounded";
  /** Texts or pairs in this call, at least 1. */
  readonly size: number;
}

/** The next text or pair to run: the `index`-th of the job. */
export interface QueuedItem<Job> {
  readonly job: Job;
  readonly index: number;
}

interface Waiting<Job> {
  readonly job: Job;
  next: number;
}

/** Under load the unbounded queue gets every eighth turn, so that it is slow but never starves. */
const UNBOUNDED_TURN = 8;

/**
 * Order of service: scores, then embeddings, then what is unbounded; first come, first served in each. A score belongs
 * to a lookup whose embedding is already paid for, so finishing it first wastes least when lookups time out; it cannot
 * starve the embeddings, because only embeddings lead to scores.
 *
 * Scores and embeddings are capped apart, by `maxWaiting` calls each: with one cap, a queue full of embeddings would
 * refuse the second half of every lookup that got through the first.
 */
export class JobQueue<Job extends QueuedJob> {
  readonly #maxWaiting: number;
  readonly #scores: Waiting<Job>[] = [];
  readonly #embeds: Waiting<Job>[] = [];
  readonly #unbounded: Waiting<Job>[] = [];
  #turn = 0;

  constructor({ maxWaiting }: { readonly maxWaiting: number }) {
    this.#maxWaiting = maxWaiting;
  }

  /** Whether a bounded job of this kind may be added. A job of which an item has been taken no longer waits. */
  hasRoom(kind: QueuedJob["kind"]): boolean {
    return countWaiting(kind === "score" ? this.#scores : this.#embeds) < this.#maxWaiting;
  }

  /** Adds whatever {@link hasRoom} says: whether an idle worker makes room is the caller's to know. */
  add(job: Job): void {
    this.#laneOf(job).push({ job, next: 0 });
  }

  take(): QueuedItem<Job> | null {
    const lanes = [this.#scores, this.#embeds, this.#unbounded];
    this.#turn = (this.#turn + 1) % UNBOUNDED_TURN;
    if (this.#turn === 0) lanes.unshift(this.#unbounded);
    for (const lane of lanes) {
      const first = lane[0];
      if (first === undefined) continue;
      const index = first.next++;
      if (first.next >= first.job.size) lane.shift();
      return { job: first.job, index };
    }
    return null;
  }

  /** Forgets what has not been taken of a job. */
  remove(job: Job): void {
    const lane = this.#laneOf(job);
    const index = lane.findIndex((waiting) => waiting.job === job);
    if (index >= 0) lane.splice(index, 1);
  }

  /** Jobs of which nothing has been taken. */
  get waiting(): number {
    return countWaiting(this.#scores) + countWaiting(this.#embeds) + countWaiting(this.#unbounded);
  }

  /** Empties the queue and returns what was in it, begun or not. */
  clear(): Job[] {
    return [this.#scores, this.#embeds, this.#unbounded].flatMap((lane) => lane.splice(0).map(({ job }) => job));
  }

  #laneOf({ kind, queue }: QueuedJob): Waiting<Job>[] {
    if (queue === "unbounded") return this.#unbounded;
    return kind === "score" ? this.#scores : this.#embeds;
  }
}

/** Jobs begin in order, so at most the first has begun. */
function countWaiting(lane: readonly { readonly next: number }[]): number {
  return lane.length - (lane[0] !== undefined && lane[0].next > 0 ? 1 : 0);
}
