export type CallPhase = "connect" | "headers" | "idle";

export interface PhaseTimeouts {
  /** Milliseconds until a connection stands, waiting for a free one included. 0: no limit, here and below. */
  readonly connectMs: number;
  /** Milliseconds from the last byte that the provider took of the request to the headers of its answer. */
  readonly headersMs: number;
  /** Milliseconds between two pieces of the answer's body; time in which we do not read does not count. */
  readonly idleMs: number;
}

/** The one timer of a call: which phase it is in, and whether the provider is the one we wait for. */
export class PhaseTimer {
  readonly #timeouts: PhaseTimeouts;
  readonly #onTimeout: (phase: CallPhase, timeoutMs: number) => void;
  #phase: CallPhase = "connect";
  #timer: NodeJS.Timeout | undefined;

  constructor(timeouts: PhaseTimeouts, onTimeout: (phase: CallPhase, timeoutMs: number) => void) {
    this.#timeouts = timeouts;
    this.#onTimeout = onTimeout;
  }

  get phase(): CallPhase {
    return this.#phase;
  }

  /** Enters a phase and starts its time. */
  enter(phase: CallPhase): void {
    this.stop();
    this.#phase = phase;
    const timeoutMs = this.#timeouts[`${phase}Ms`];
    if (timeoutMs > 0) this.#timer = setTimeout(() => this.#onTimeout(phase, timeoutMs), timeoutMs);
  }

  /** The provider moved: the phase's time starts anew. Nothing happens while the timer is stopped. */
  touch(): void {
    this.#timer?.refresh();
  }

  /** We wait for somebody else; {@link enter} starts the time again. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
