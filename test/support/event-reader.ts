import { createParser, type EventSourceMessage } from "eventsource-parser";

interface ReadEvent {
  readonly name: string;
  readonly data: unknown;
}

/** Reads a stream of server-sent events as the page does: with `fetch`, which can send a token. */
export class EventReader {
  readonly response: Response;
  readonly comments: string[] = [];
  readonly #abort: AbortController;
  readonly #events: ReadEvent[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  private constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.#abort = abort;
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const abort = new AbortController();
    const reader = new EventReader(await fetch(url, { headers, signal: abort.signal }), abort);
    void reader.#read();
    return reader;
  }

  /** The next event of this name that passes; those before it are passed over. Null: the stream ended without it. */
  async next<T>(name: string, isWanted: (data: T) => boolean = () => true): Promise<T | null> {
    for (;;) {
      for (let event = this.#events.shift(); event; event = this.#events.shift())
        if (event.name === name && isWanted(event.data as T)) return event.data as T;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(): Promise<void> {
    const parser = createParser({
      onEvent: ({ event = "message", data }: EventSourceMessage) =>
        void this.#events.push({ name: event, data: JSON.parse(data) }),
      onComment: (comment) => void this.comments.push(comment),
    });
    try {
      for await (const text of this.response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        parser.feed(text);
        this.#wake();
      }
    } catch {
      // Cut by either side: that it ended is all that counts.
    }
    this.#ended = true;
    this.#wake();
  }
}
