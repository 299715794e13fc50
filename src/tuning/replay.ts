import { setMaxListeners } from "node:events";
import type { PreparedPrompt } from "../matching/matcher.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import type { MissReason } from "../model/reason.ts";
import { KeptPrompt, Shelf } from "./kept-prompt.ts";
import { priceRequest, type PriceCall } from "./price-requests.ts";
import type { ReplayRequest } from "./replay-request.ts";
import { ReplayLookup, toCandidate, type JudgingOptions } from "./replay-lookup.ts";
import { addSpent, nothingSpent, Tally, type Spent } from "./tally.ts";

export interface ReplayOptions extends JudgingOptions {
  /** How many of the nearest entries a lookup judges. */
  readonly candidates: number;
  readonly price: PriceCall;
  /** Merged pairs that are kept of each setting. */
  readonly pairs: number;
}

/** Prompts that are embedded while the ones before them are judged. */
const PREPARED_AHEAD = 32;
/** Prompts whose candidates the models read while the ones before them are judged: their verdicts wait for their turn. */
const SCOUTED_AHEAD = 8;

/**
 * A log as caches of all settings would have met it, in its order: each request is looked up among what the cache of the
 * setting holds by then, and stored where it missed. The judgement is a lookup's own; nothing is evicted but by time.
 */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #tallies: readonly Tally[];
  readonly #shelves = new Map<PartitionKey, Shelf>();
  readonly #kept = new Map<ExactKey, KeptPrompt>();
  #done = 0;
  #comparable = 0;
  #notKept = 0;
  #spent: Spent = nothingSpent;
  readonly #exactOnly = new Map<MissReason, number>();

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#tallies = options.settings.map(() => new Tally(options.pairs));
  }

  /** By setting. */
  get tallies(): readonly Tally[] {
    return this.#tallies;
  }

  get counts() {
    return {
      requests: this.#done,
      distinct: this.#kept.size,
      frames: this.#shelves.size,
      comparable: this.#comparable,
      notKept: this.#notKept,
      exactOnly: [...this.#exactOnly].toSorted(([, a], [, b]) => b - a),
      spent: this.#spent,
    };
  }

  /**
   * @param onDone told after each request how many are done
   * @throws {SemcacheError} `aborted`, `inference-failed`; what was done before counts
   */
  async run(
    requests: readonly ReplayRequest[],
    how: { readonly signal: AbortSignal; readonly onDone: (done: number) => void },
  ): Promise<void> {
    const { signal, onDone } = how;
    // One listener for each question to the models.
    setMaxListeners(0, signal);
    const seen = new Set<ExactKey>();
    const preparing = new Map<number, Promise<PreparedPrompt | null>>();
    const scouting = new Map<number, Promise<unknown>>();
    const begin = <T>(works: Map<number, Promise<T>>, index: number, work: Promise<T>) => {
      // It is waited for when its turn has come; until then a failure is nobody's.
      work.catch(() => undefined);
      works.set(index, work);
    };
    let [prepared, scouted] = [0, 0];
    for (const [index, request] of requests.entries()) {
      for (; prepared < requests.length && prepared <= index + PREPARED_AHEAD; prepared++) {
        const next = requests[prepared];
        if (next === undefined || seen.has(next.exactKey)) continue;
        seen.add(next.exactKey);
        begin(preparing, prepared, this.#prepare(next, signal));
      }
      for (; scouted <= Math.min(index + SCOUTED_AHEAD, requests.length - 1); scouted++) {
        const next = requests[scouted];
        const own = preparing.get(scouted);
        if (next !== undefined && own !== undefined) begin(scouting, scouted, this.#scout(next, own, signal));
      }
      signal.throwIfAborted();
      const known = this.#kept.get(request.exactKey);
      const own = known === undefined ? await (preparing.get(index) ?? null) : known.prepared;
      await scouting.get(index);
      preparing.delete(index);
      scouting.delete(index);
      await this.#replay(request, known ?? this.#keep(request, own), signal);
      this.#done += 1;
      onDone(this.#done);
    }
  }

  async #prepare(request: ReplayRequest, signal: AbortSignal): Promise<PreparedPrompt | null> {
    return request.exactOnly === null ? this.#options.matcher.prepare(request.promptText, signal) : null;
  }

  /** Only for what the matcher remembers of it: when the turn of this request has come, few of its candidates are new. */
  async #scout(request: ReplayRequest, preparing: Promise<PreparedPrompt | null>, signal: AbortSignal): Promise<void> {
    const prepared = await preparing;
    const shelf = this.#shelves.get(request.partition);
    if (prepared?.kind !== "comparable" || shelf === undefined) return;
    const { matcher, settings, candidates } = this.#options;
    const loosest = settings.length - 1;
    const near = shelf.search(prepared.vector.values, candidates)((kept) => kept.isHeld(loosest, request));
    const maxErrorRate = settings[loosest]?.maxErrorRate;
    if (near.length > 0) await matcher.judge(request.promptText, near.map(toCandidate), { maxErrorRate, signal });
  }

  #keep(request: ReplayRequest, prepared: PreparedPrompt | null): KeptPrompt {
    const kept = new KeptPrompt(request, prepared, this.#options.settings.length);
    this.#kept.set(request.exactKey, kept);
    return kept;
  }

  async #replay(request: ReplayRequest, own: KeptPrompt, signal: AbortSignal): Promise<void> {
    const { settings, candidates, price } = this.#options;
    const { prepared } = own;
    const reason = request.exactOnly ?? (prepared?.kind === "exact-only" ? prepared.reason : null);
    if (reason !== null) this.#exactOnly.set(reason, (this.#exactOnly.get(reason) ?? 0) + 1);
    else this.#comparable += 1;
    if (request.keeps === "nothing") this.#notKept += 1;
    this.#spent = addSpent(this.#spent, priceRequest(price, request));

    const shelf = this.#shelves.get(request.partition) ?? new Shelf();
    this.#shelves.set(request.partition, shelf);
    const nearest = prepared?.kind === "comparable" ? shelf.search(prepared.vector.values, candidates) : null;
    const lookup = new ReplayLookup(this.#options, request, signal);
    // The loosest first: what the models say of its candidates is then known to the stricter ones.
    for (let setting = settings.length - 1; setting >= 0; setting--) {
      const tally = this.#tallies[setting] as Tally;
      if (own.isHeld(setting, request)) {
        tally.addExact(priceRequest(price, request, own.holder));
        continue;
      }
      const near =
        nearest === null || setting === 0 ? [] : nearest((kept) => kept !== own && kept.isHeld(setting, request));
      const found = near.length === 0 ? ("no-candidate" as const) : await lookup.find(near, setting);
      if (typeof found === "object") {
        tally.addSemantic(found.pair, priceRequest(price, request, found.stored));
      } else {
        tally.addMiss(reason ?? found);
        if (request.keeps !== "nothing") own.store(setting, request);
      }
    }
    // After the search: it is not its own neighbour.
    if (request.keeps === "by-meaning") shelf.add(own);
  }
}
