import type { ServerResponse } from "node:http";

/** What the readers are told of. Asked only while there are readers, and once for all of them. */
export interface EventSources {
  /** Events of which only the latest counts: by name, one line of JSON each. Told again when the text changes. */
  readonly latest: Readonly<Record<string, () => string>>;
  /** A numbered sequence of which nobody needs all. */
  readonly sequence: {
    readonly name: string;
    end(): number;
    /** One line of JSON; what does not fit in it is told as a number. */
    between(from: number, to: number): string;
    /** So many of those before are told to who joins. */
    readonly atJoin: number;
  };
}

export interface EventHubOptions {
  readonly sources: EventSources;
  readonly tickMs?: number;
  /** A comment shows who listens, and all between, that the stream is alive. */
  readonly heartbeatMs?: number;
  /** Who takes nothing for so long is let go. */
  readonly stalledMs?: number;
  readonly maxReaders?: number;
}

interface Reader {
  readonly response: ServerResponse;
  /** By name, the text that it has. */
  readonly told: Map<string, string>;
  /** Where in the sequence it is. */
  toldTo: number;
  writtenAt: number;
  /** Since when it has not taken what was written; null: it has. */
  stalledAt: number | null;
}

/**
 * Server-sent events for any number of pages out of one snapshot a second. A reader that is slow is written nothing
 * until it has taken what it was given, and then gets what is newest: at most one frame waits for each.
 */
export class EventHub {
  readonly #options: Required<EventHubOptions>;
  readonly #readers = new Set<Reader>();
  #timer: NodeJS.Timeout | null = null;
  #latest = new Map<string, string>();
  #end = 0;
  /** Parts of the sequence that several readers get, of this snapshot. */
  readonly #parts = new Map<number, string>();
  #closed = false;

  constructor({ sources, tickMs = 1_000, heartbeatMs = 15_000, stalledMs = 30_000, maxReaders = 64 }: EventHubOptions) {
    this.#options = { sources, tickMs, heartbeatMs, stalledMs, maxReaders };
  }

  get readers(): number {
    return this.#readers.size;
  }

  get isFull(): boolean {
    return this.#readers.size >= this.#options.maxReaders;
  }

  /** The response has its head; from here on it is the hub's. */
  join(response: ServerResponse): void {
    if (this.#closed) {
      response.end();
      return;
    }
    if (this.#timer === null) {
      this.#look();
      this.#timer = setInterval(() => this.#tick(), this.#options.tickMs).unref();
    }
    const reader: Reader = {
      response,
      told: new Map(),
      toldTo: Math.max(0, this.#end - this.#options.sources.sequence.atJoin),
      writtenAt: performance.now(),
      stalledAt: null,
    };
    this.#readers.add(reader);
    response.once("close", () => this.#leave(reader));
    this.#tell(reader);
  }

  /** Ends all streams; who joins from here on gets an empty one. */
  close(): void {
    this.#closed = true;
    for (const { response } of this.#readers) {
      // What a stalled reader has not taken would keep the connection open.
      if (response.writableNeedDrain) response.destroy();
      else response.end();
    }
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#latest.clear();
    this.#parts.clear();
  }

  #tick(): void {
    this.#look();
    for (const reader of this.#readers) this.#tell(reader);
  }

  #look(): void {
    const { latest, sequence } = this.#options.sources;
    this.#latest = new Map(Object.entries(latest).map(([name, read]) => [name, read()]));
    this.#end = sequence.end();
    this.#parts.clear();
  }

  #tell(reader: Reader): void {
    const { response } = reader;
    const now = performance.now();
    if (response.writableNeedDrain) {
      reader.stalledAt ??= now;
      if (now - reader.stalledAt >= this.#options.stalledMs) response.destroy();
      return;
    }
    reader.stalledAt = null;
    let frame = "";
    for (const [name, text] of this.#latest) {
      if (reader.told.get(name) === text) continue;
      reader.told.set(name, text);
      frame += toEvent(name, text);
    }
    if (reader.toldTo < this.#end) {
      frame += toEvent(this.#options.sources.sequence.name, this.#part(reader.toldTo));
      reader.toldTo = this.#end;
    }
    if (frame === "" && now - reader.writtenAt < this.#options.heartbeatMs) return;
    reader.writtenAt = now;
    response.write(frame === "" ? ": alive\n\n" : frame);
  }

  #part(from: number): string {
    const known = this.#parts.get(from);
    if (known !== undefined) return known;
    const part = this.#options.sources.sequence.between(from, this.#end);
    this.#parts.set(from, part);
    return part;
  }
}

/** JSON has no line breaks of its own. */
function toEvent(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}
