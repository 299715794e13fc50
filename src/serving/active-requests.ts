import type { ServerResponse } from "node:http";

/** The requests that have no whole answer yet, and whose clients are still there. */
export class ActiveRequests {
  readonly #responses = new Set<ServerResponse>();
  readonly #waiting = new Set<() => void>();

  add(response: ServerResponse): void {
    this.#responses.add(response);
    response.on("close", () => {
      this.#responses.delete(response);
      if (this.#responses.size > 0) return;
      for (const resolve of this.#waiting) resolve();
      this.#waiting.clear();
    });
  }

  /** Resolves when there is none. */
  async ended(): Promise<void> {
    if (this.#responses.size === 0) return;
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }
}
