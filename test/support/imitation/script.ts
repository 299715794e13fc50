import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ProviderAnswer } from "./answer.ts";
import type { RecordedRequest } from "./recorded-request.ts";

/** What a script has in its hands. It starts when the request's head has arrived, before its body. */
export interface ScriptedExchange {
  readonly request: RecordedRequest;
  readonly response: ServerResponse;
  /** For bytes that are not HTTP. Destroy it afterwards: node:http knows nothing of them. */
  readonly socket: Socket;
  /** Waits for the whole request; what the provider would answer of its own accord. */
  answer(): Promise<ProviderAnswer>;
  /** Sends the head of an answer now (compressed if the provider was started so and the client accepts it). */
  sendHead(answer: ProviderAnswer): void;
  /** Resolves when the bytes are with the kernel, or at once where the client is gone. */
  sendPart(part: Uint8Array): Promise<void>;
  /** Head, all parts, end. */
  send(answer: ProviderAnswer): Promise<void>;
}

export type Script = (exchange: ScriptedExchange) => void | Promise<void>;

/** A turnstile in a test's hand: a script stops at each `pass` until the test lets it through. */
export class Gate {
  #open = 0;
  #arrived = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #watchers: { readonly count: number; readonly resolve: () => void }[] = [];

  /** Called by the script. */
  async pass(): Promise<void> {
    this.#arrived++;
    for (const watcher of this.#watchers) if (this.#arrived >= watcher.count) watcher.resolve();
    if (this.#open > 0) {
      this.#open--;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Called by the test: lets `count` passes through, those that wait first. */
  release(count = 1): void {
    for (let index = 0; index < count; index++) {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#open++;
    }
  }

  releaseAll(): void {
    this.release(1_000_000);
  }

  /** Resolves when the script has come to its `count`th pass. */
  async reached(count: number): Promise<void> {
    if (this.#arrived >= count) return;
    await new Promise<void>((resolve) => {
      this.#watchers.push({ count, resolve });
    });
  }
}
