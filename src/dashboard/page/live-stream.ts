import { createParser } from "eventsource-parser";
import type { DeskEvents } from "../desk-api.ts";
import { DeskFault, openEvents } from "./api-client.ts";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** Three of the comments that the server sends in silence. */
const SILENCE_MS = 45_000;

export type LiveState = "connecting" | "live" | "disconnected";

export interface LiveStreamOptions {
  /** Whatever is said in the stream; what it begins with too. */
  readonly onEvent: <K extends keyof DeskEvents>(name: K, data: DeskEvents[K]) => void;
  readonly onState: (state: LiveState, fault: DeskFault | null) => void;
}

const names: ReadonlySet<string> = new Set<keyof DeskEvents>(["stats", "decision", "history"]);

/** Follows the server's events until it is stopped, or asked for a token: connections that end are made again, ever more slowly. */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  #running: AbortController | null = null;
  #wake: () => void = () => undefined;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    void this.#follow(running.signal);
  }

  /** Tries again now, where it waits to. */
  hurry(): void {
    this.#wake();
  }

  async #follow(stopped: AbortSignal): Promise<void> {
    const { onState } = this.#options;
    let waitMs = FIRST_WAIT_MS;
    onState("connecting", null);
    while (!stopped.aborted) {
      let fault: DeskFault | null = null;
      try {
        await this.#read(stopped, () => {
          waitMs = FIRST_WAIT_MS;
          onState("live", null);
        });
      } catch (error) {
        fault = error instanceof DeskFault ? error : new DeskFault("The connection to Semcache broke.", 0);
      }
      if (stopped.aborted) return;
      onState("disconnected", fault);
      // What a token or a setting must mend does not mend itself; the page starts anew with the token.
      if (fault?.status === 401) return;
      // Many pages that lost one server must not come back in one moment.
      await this.#pause(waitMs * (0.75 + Math.random() / 2));
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
    }
  }

  async #read(stopped: AbortSignal, onOpen: () => void): Promise<void> {
    const silent = new AbortController();
    let timer = setTimeout(() => silent.abort(), SILENCE_MS);
    try {
      const response = await openEvents(AbortSignal.any([stopped, silent.signal]));
      if (!response.body) return;
      onOpen();
      const parser = createParser({
        onEvent: ({ event, data }) => {
          if (event !== undefined && names.has(event)) this.#options.onEvent(event as "stats", JSON.parse(data));
        },
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), SILENCE_MS);
        parser.feed(value);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
