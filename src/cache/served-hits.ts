import { LRUCache } from "lru-cache";
import type { ServedPrompts } from "../matching/audit/labelled-pair.ts";
import type { ServedPair } from "../matching/audit/trust.ts";
import type { TenantId } from "../model/keys.ts";
import type { EntrySelector } from "../store/cache-store.ts";
import { isSelected } from "../store/entry-selector.ts";
import type { EntryMatch } from "./lookup-outcome.ts";

/** A hit that somebody may give a verdict on. */
export interface ServedHit {
  readonly tenant: TenantId;
  /** Id of the entry. */
  readonly entry: string;
  /** Null on an exact match. */
  readonly pair: ServedPair | null;
  /** Null on an exact match, and where they are not remembered any more. */
  readonly prompts: ServedPrompts | null;
}

/** All that outlives the process of a hit: no prompt. */
export interface ServedMark extends Omit<ServedHit, "prompts"> {
  readonly request: string;
  /** What was said of it last. */
  readonly told: "right" | "wrong" | null;
}

export function toServedHit(tenant: TenantId, asked: string, match: EntryMatch): ServedHit {
  const { entry, judgement, served: pair } = match;
  const { id, namespace, dialect, model, tags, createdAtMs, partition, promptText: stored } = entry;
  if (pair === null) return { tenant, entry: id, pair, prompts: null };
  const { similarity = null, confidence = null } = judgement ?? {};
  const about = { tenant, namespace, dialect, model, tags, createdAtMs, entry: id, partition };
  return { tenant, entry: id, pair, prompts: { stored, asked, similarity, confidence, ...about } };
}

/** Prompts of hits, in memory: two bytes a character. The oldest go first; longer ones are not kept at all. */
const MAX_PROMPT_BYTES = 16 * 1024 * 1024;
const MAX_BYTES_OF_ONE = 256 * 1024;

/**
 * The last hits by the id of their request, for feedback. Those by meaning have a place of their own: equal requests,
 * which are many and seldom wrong, do not push them out.
 */
export class ServedHits {
  readonly #exact: LRUCache<string, Omit<ServedHit, "prompts">>;
  readonly #semantic: LRUCache<string, Omit<ServedHit, "prompts">>;
  readonly #prompts: LRUCache<string, ServedPrompts>;
  /** What was said last of a hit. */
  readonly #told: LRUCache<string, "right" | "wrong">;

  /** @param capacity how many of each kind are remembered; feedback on older ones finds nothing. */
  constructor(capacity = 10_000) {
    this.#exact = new LRUCache({ max: capacity });
    this.#semantic = new LRUCache({ max: capacity });
    this.#prompts = new LRUCache({
      max: capacity,
      maxSize: MAX_PROMPT_BYTES,
      maxEntrySize: MAX_BYTES_OF_ONE,
      sizeCalculation: ({ stored, asked }) => 300 + 2 * (stored.length + asked.length),
    });
    this.#told = new LRUCache({ max: 2 * capacity });
  }

  add(requestId: string, { tenant, entry, pair, prompts }: ServedHit): void {
    (pair === null ? this.#exact : this.#semantic).set(requestId, { tenant, entry, pair });
    if (prompts !== null) this.#prompts.set(requestId, prompts);
  }

  find(requestId: string): ServedHit | null {
    const hit = this.#semantic.peek(requestId) ?? this.#exact.peek(requestId);
    return hit ? { ...hit, prompts: this.#prompts.peek(requestId) ?? null } : null;
  }

  /** False where it was given before, or where `wrong` was and nothing takes that back but an operator's word. */
  isNews(requestId: string, verdict: "right" | "wrong", { takesBack = false } = {}): boolean {
    const told = this.#told.get(requestId);
    return told !== verdict && (told !== "wrong" || takesBack);
  }

  /** Notes the verdict; false where it was no news. */
  noteVerdict(requestId: string, verdict: "right" | "wrong", how: { readonly takesBack?: boolean } = {}): boolean {
    if (!this.isNews(requestId, verdict, how)) return false;
    this.#told.set(requestId, verdict);
    return true;
  }

  /** The last hits that this entry served, for a verdict on the entry as a whole. */
  *ofEntry(entry: string): Generator<ServedHit, void, undefined> {
    for (const hits of [this.#semantic, this.#exact])
      for (const [request, hit] of hits.entries())
        if (hit.entry === entry) yield { ...hit, prompts: this.#prompts.peek(request) ?? null };
  }

  /** What an invalidation selects has no prompt here any more. */
  forgetPrompts(selector: EntrySelector): void {
    const selected = [...this.#prompts.entries()].filter(([, prompts]) =>
      isSelected(selector, { ...prompts, id: prompts.entry }),
    );
    for (const [request] of selected) this.#prompts.delete(request);
  }

  /** Oldest first. */
  *marks(): Generator<ServedMark, void, undefined> {
    for (const hits of [this.#exact, this.#semantic])
      for (const [request, hit] of [...hits.entries()].reverse())
        yield { request, ...hit, told: this.#told.peek(request) ?? null };
  }

  /** What another process has remembered; nothing of what this one has. */
  restore({ request, told, ...hit }: ServedMark): void {
    if (this.find(request) !== null) return;
    this.add(request, { ...hit, prompts: null });
    if (told !== null) this.#told.set(request, told);
  }
}
