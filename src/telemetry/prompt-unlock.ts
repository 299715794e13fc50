import type { Clock } from "../base/clock.ts";

/** Whether decisions keep prompts and the words of findings. What was decided before has none; when it ends they are wiped. */
export interface PromptsState {
  /** `config`: telemetry.log_prompts is on, and nothing here turns it off. */
  readonly shown: "no" | "unlocked" | "config";
  /** ISO 8601; null unless `unlocked`. */
  readonly until: string | null;
}

export interface PromptUnlockOptions {
  readonly logPrompts: boolean;
  readonly clock: Clock;
  /** It is over: what was kept for it goes. */
  readonly onEnd: () => void;
  /** For the log: who may see prompts is nothing to be found out later. */
  readonly onChange: (message: string, details: Readonly<Record<string, string>>) => void;
}

/** The operator's leave to see prompts for a while. It ends by itself, by whichever of timer and clock is first. */
export class PromptUnlock {
  readonly #options: PromptUnlockOptions;
  #untilMs: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PromptUnlockOptions) {
    this.#options = options;
  }

  /** Whether a request that is looked up now may be kept with its prompts. */
  get isOpen(): boolean {
    if (this.#options.logPrompts) return true;
    if (this.#untilMs !== null && this.#options.clock.now() >= this.#untilMs) this.#end("its time is over");
    return this.#untilMs !== null;
  }

  get state(): PromptsState {
    if (this.#options.logPrompts) return { shown: "config", until: null };
    return this.isOpen && this.#untilMs !== null
      ? { shown: "unlocked", until: new Date(this.#untilMs).toISOString() }
      : { shown: "no", until: null };
  }

  /** From now on, for so long; a second one counts from now again. */
  show(durationMs: number): void {
    if (this.#options.logPrompts) return;
    this.#stopTimer();
    this.#untilMs = this.#options.clock.now() + durationMs;
    this.#timer = setTimeout(() => this.#end("its time is over"), durationMs).unref();
    this.#options.onChange("The operator shows prompts with the decisions: they are kept in memory, and in no log", {
      until: new Date(this.#untilMs).toISOString(),
    });
  }

  hide(): void {
    if (this.#untilMs !== null) this.#end("the operator ended it");
  }

  /** Without a word: the process ends. */
  close(): void {
    this.#stopTimer();
  }

  #end(why: string): void {
    this.#stopTimer();
    this.#untilMs = null;
    this.#options.onEnd();
    this.#options.onChange("Prompts are shown no more, and those that were kept are wiped", { why });
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
