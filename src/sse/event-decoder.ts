import { isUtf8 } from "node:buffer";
import { createParser, type EventSourceParser } from "eventsource-parser";
import type { ServerSentEvent } from "./event.ts";

/**
 * Characters of one unfinished event that a decoder holds. A stream that exceeds it is not recorded any further; the
 * largest events of known providers (whole tool arguments, generated images) are far smaller.
 */
export const MAX_EVENT_CHARS = 16 * 1024 * 1024;

/** Why a decoder stopped: the bytes are not UTF-8, or one event is longer than the cap. */
export type DecodingFailure = "invalid-utf8" | "event-too-long";

/** Bytes of an event stream, cut anywhere, to events (HTML Standard, 9.2.6). */
export interface EventDecoder {
  /** The events that `chunk` completes; none after a failure. */
  push(chunk: Uint8Array): readonly ServerSentEvent[];
  /** Tells the decoder that no bytes follow. An unfinished event is not an event. */
  end(): void;
  readonly failure: DecodingFailure | null;
}

export function createEventDecoder(options: { readonly maxEventChars?: number } = {}): EventDecoder {
  return new ParserEventDecoder(options.maxEventChars ?? MAX_EVENT_CHARS);
}

/** The events of a whole body; null: it is not UTF-8, or has an event over {@link MAX_EVENT_CHARS}. */
export function decodeEvents(body: Buffer): readonly ServerSentEvent[] | null {
  if (!isUtf8(body)) return null;
  const decoder = new ParserEventDecoder(MAX_EVENT_CHARS);
  const text = body.toString("utf8");
  const events = decoder.feed(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  return decoder.failure === null ? events : null;
}

class ParserEventDecoder implements EventDecoder {
  readonly #parser: EventSourceParser;
  readonly #text = new TextDecoder("utf-8", { fatal: true });
  #events: ServerSentEvent[] = [];
  #endedWithCarriageReturn = false;
  #failure: DecodingFailure | null = null;

  constructor(maxEventChars: number) {
    this.#parser = createParser({
      maxBufferSize: maxEventChars,
      onEvent: ({ event, data }) => {
        // The parser checks its cap between chunks only; this one does not depend on where the bytes were cut.
        if (data.length > maxEventChars) this.#failure = "event-too-long";
        else if (this.#failure === null) this.#events.push({ event: event ?? null, data });
      },
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") this.#failure = "event-too-long";
      },
    });
    // The parser takes the characters U+00EF U+00BB U+00BF at the start of its first chunk for a byte order mark, and
    // U+FEFF for none. The text decoder removes the real one, so the parser must not look.
    this.#parser.feed("");
  }

  get failure(): DecodingFailure | null {
    return this.#failure;
  }

  push(chunk: Uint8Array): readonly ServerSentEvent[] {
    if (this.#failure !== null) return [];
    let text: string;
    try {
      text = this.#text.decode(chunk, { stream: true });
    } catch {
      this.#failure = "invalid-utf8";
      return [];
    }
    return this.feed(text);
  }

  end(): void {
    if (this.#failure !== null) return;
    try {
      this.#text.decode();
    } catch {
      this.#failure = "invalid-utf8";
    }
  }

  /**
   * Line ends become LF before the parser sees them: it would search the whole chunk again at each line where CR and
   * LF are mixed, and wait for the byte after a CR.
   */
  feed(text: string): readonly ServerSentEvent[] {
    if (text === "") return [];
    let lines = text;
    if (this.#endedWithCarriageReturn && lines.startsWith("\n")) lines = lines.slice(1);
    this.#endedWithCarriageReturn = text.endsWith("\r");
    if (lines.includes("\r")) lines = lines.replace(/\r\n?/g, "\n");
    this.#parser.feed(lines);
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
