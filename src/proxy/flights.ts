import type { CachedRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import type { Flight } from "./flight.ts";

/** The flights that a further equal request may join. */
export class Flights {
  readonly #flights = new Map<string, Flight>();
  #joined = 0;

  get size(): number {
    return this.#flights.size;
  }

  /** Requests that shared another one's provider call, since the start. */
  get joined(): number {
    return this.#joined;
  }

  find(exchange: Exchange, cached: CachedRequest): Flight | null {
    // Most requests are asked for while there is none.
    if (this.#flights.size === 0 || !isShareable(cached)) return null;
    const flight = this.#flights.get(flightKey(exchange, cached));
    return flight?.joinable ? flight : null;
  }

  /** Registers a flight; the returned function takes it off again. */
  add(exchange: Exchange, cached: CachedRequest, flight: Flight): () => void {
    if (!isShareable(cached)) return () => undefined;
    const key = flightKey(exchange, cached);
    this.#flights.set(key, flight);
    return () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
  }

  countJoin(): void {
    this.#joined++;
  }
}

/**
 * A refresh wants an answer of its own (regenerate, best of n): it neither joins nor is joined. Nor does a request in shadow
 * mode, which changes nothing of what the provider is asked.
 */
function isShareable({ plan }: CachedRequest): boolean {
  return plan.read !== "none" && plan.write && plan.serve;
}

/**
 * Equal requests in the same form, with no invalidation between them: who asks after one wants nothing from before it.
 * The accepted codings belong to it: all readers get the same bytes, and one of them
 * may not be able to decode what another asked for.
 */
function flightKey({ request: { headers } }: Exchange, { exactKey, generation, request }: CachedRequest): string {
  const { shape, includeUsage } = request.form;
  return `${exactKey}|${generation}|${shape}|${String(includeUsage)}|${String(headers["accept-encoding"] ?? "")}`;
}
