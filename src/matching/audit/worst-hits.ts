import { isJsonObject, type JsonValue } from "../../base/json.ts";
import type { ComparisonGround } from "./compare-answers.ts";

/** A hit that the provider contradicted, by ids: the log line and, where they are kept, the decisions have its prompts. */
export interface WrongHit {
  readonly outcome: "wrong" | "suspect";
  readonly by: ComparisonGround;
  /** `x-semcache-request`. */
  readonly request: string;
  readonly entry: string;
  readonly partition: string;
  readonly match: "exact" | "semantic";
  readonly similarity: number | null;
  readonly confidence: number | null;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
}

/** The worst of each kind: wrong before suspect, then the surest, then the newest. Holds `max` of each; what is less bad makes room. */
export class WorstHits {
  readonly #max: number;
  readonly #hits: Record<WrongHit["match"], WrongHit[]> = { exact: [], semantic: [] };

  constructor(max: number) {
    this.#max = max;
  }

  /** False: there are worse ones, and it is not kept. */
  add(hit: WrongHit): boolean {
    const hits = this.#hits[hit.match];
    hits.push(hit);
    hits.sort(byBadness);
    return hits.length <= this.#max || hits.pop() !== hit;
  }

  list(): readonly WrongHit[] {
    return [...this.#hits.semantic, ...this.#hits.exact].sort(byBadness);
  }

  clear(): void {
    this.#hits.exact = [];
    this.#hits.semantic = [];
  }
}

function byBadness(one: WrongHit, other: WrongHit): number {
  if (one.outcome !== other.outcome) return one.outcome === "wrong" ? -1 : 1;
  return (other.confidence ?? 1) - (one.confidence ?? 1) || other.atMs - one.atMs;
}

/** As it was kept; null: it cannot be read. */
export function toWrongHit(value: JsonValue): WrongHit | null {
  if (!isJsonObject(value)) return null;
  const { outcome, match, request, entry, atMs } = value;
  const isKnown =
    (outcome === "wrong" || outcome === "suspect") &&
    (match === "exact" || match === "semantic") &&
    typeof request === "string" &&
    typeof entry === "string" &&
    typeof atMs === "number";
  return isKnown ? (value as unknown as WrongHit) : null;
}
