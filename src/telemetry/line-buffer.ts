import type { LineSink } from "./line-sink.ts";

/** About 5,000 lines; a reader that sleeps longer loses the lines after them. */
const MAX_BYTES = 4 * 1024 * 1024;
/** One write of the sink. */
const CHUNK_BYTES = 64 * 1024;
/**
 * Under load the lines of so many milliseconds share a write: a write to a pipe costs as much as answering a request.
 * A line after a pause goes out with its turn of the event loop.
 */
const GATHER_MS = 20;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;

interface Chunk {
  readonly buffer: Buffer;
  used: number;
  lines: number;
}

/**
 * Bounded and asynchronous: whoever writes a line never waits. Lines beyond `maxBytes` are dropped whole and counted;
 * when there is room again, `describeLoss` may put a line that tells so. Lines are encoded as they come, outside V8's
 * heap: thousands of waiting strings would cost more in garbage collection than in copying.
 */
export class LineBuffer {
  readonly #sink: LineSink;
  readonly #maxBytes: number;
  readonly #gatherMs: number;
  readonly #describeLoss: ((lost: number) => string) | null;
  /** Full ones first; the last one takes lines. */
  readonly #chunks: Chunk[] = [];
  #spare: Chunk | null = null;
  #writing: Chunk | null = null;
  #waitingBytes = 0;
  #scheduled = false;
  #lastFlushAt = Number.NEGATIVE_INFINITY;
  #lost = 0;
  #told = 0;
  #closed = false;
  #onIdle: (() => void) | null = null;

  constructor(
    sink: LineSink,
    options: {
      readonly maxBytes?: number;
      readonly gatherMs?: number;
      readonly describeLoss?: (lost: number) => string;
    } = {},
  ) {
    this.#sink = sink;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    this.#gatherMs = options.gatherMs ?? GATHER_MS;
    this.#describeLoss = options.describeLoss ?? null;
  }

  /** Lines dropped since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** `line` ends with its newline. */
  write(line: string): void {
    if (this.#closed || this.#waitingBytes + (this.#writing?.used ?? 0) + line.length > this.#maxBytes) {
      this.#lost++;
      return;
    }
    const chunk = this.#chunkFor(line.length * BYTES_PER_UNIT);
    const bytes = chunk.buffer.write(line, chunk.used, "utf8");
    chunk.used += bytes;
    chunk.lines++;
    this.#waitingBytes += bytes;
    if (this.#chunks.length > 1) this.#flush();
    else this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    const flush = () => {
      this.#scheduled = false;
      this.#flush();
    };
    const pauseMs = performance.now() - this.#lastFlushAt;
    if (pauseMs >= this.#gatherMs) setImmediate(flush);
    else setTimeout(flush, this.#gatherMs - pauseMs);
  }

  /** Resolves when all lines are with the sink, or after `timeoutMs`; lines that are left count as lost. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    if (!this.#writing && this.#chunks.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
      this.#onIdle = resolve;
      this.#flush();
    });
    clearTimeout(timer);
    for (const { lines } of this.#chunks.splice(0)) this.#lost += lines;
    this.#waitingBytes = 0;
  }

  #chunkFor(bytes: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last && last.buffer.length - last.used >= bytes) return last;
    const chunk = this.#spare && bytes <= CHUNK_BYTES ? this.#spare : createChunk(Math.max(bytes, CHUNK_BYTES));
    if (chunk === this.#spare) this.#spare = null;
    this.#chunks.push(chunk);
    return chunk;
  }

  #flush(): void {
    if (this.#writing) return;
    const chunk = this.#chunks.shift();
    if (!chunk) return;
    this.#writing = chunk;
    this.#lastFlushAt = performance.now();
    this.#waitingBytes -= chunk.used;
    this.#sink.write(chunk.buffer.subarray(0, chunk.used), (error) => {
      this.#writing = null;
      if (error) this.#lost += chunk.lines;
      if (!error && chunk.buffer.length === CHUNK_BYTES) this.#spare = { buffer: chunk.buffer, used: 0, lines: 0 };
      if (!error) this.#tellLoss();
      if (this.#chunks.length === 0) this.#onIdle?.();
      else if (this.#chunks.length > 1 || this.#closed) this.#flush();
      else this.#scheduleFlush();
    });
  }

  #tellLoss(): void {
    if (this.#lost === this.#told || !this.#describeLoss || this.#closed) return;
    const untold = this.#lost - this.#told;
    this.#told = this.#lost;
    this.write(this.#describeLoss(untold));
  }
}

function createChunk(bytes: number): Chunk {
  return { buffer: Buffer.allocUnsafeSlow(bytes), used: 0, lines: 0 };
}
