// A greedy search for words that, added to a question, raise a score: the attacker's side of CacheAttack
// (arXiv 2601.23088), with whole readable words in the place of its gradient-guided tokens.

export type Place = "suffix" | "prefix" | "inserted";

export interface SearchOptions {
  /** The attacker's own question: every text that is tried asks it. */
  readonly question: string;
  readonly place: Place;
  /** Tried in every slot. */
  readonly always: readonly string[];
  /** A part of them, drawn anew for each slot. May have several words each. */
  readonly sometimes: readonly string[];
  readonly maxWords: number;
  /** Most texts that are scored. */
  readonly budget: number;
  readonly seed: number;
  /** One score per text, in order; the higher, the nearer to success. */
  readonly score: (texts: readonly string[]) => Promise<readonly number[]>;
}

export interface Found {
  readonly text: string;
  readonly added: readonly string[];
  readonly score: number;
  /** Of the question alone. */
  readonly scoreBefore: number;
}

/**
 * Coordinate-wise: slot after slot the best of all its candidates is kept if it raises the score, first to fill the
 * slots, then to replace or empty them, until a whole round changes nothing or the budget is spent. The same options
 * give the same text. No word is added twice.
 */
export async function searchWords(options: SearchOptions): Promise<Found> {
  const { question, place, always, sometimes, maxWords, budget, seed, score } = options;
  const random = createRandom(seed);
  const perSlot = Math.max(1, Math.floor(budget / maxWords));
  const [scoreBefore = -Infinity] = await score([question]);
  let spent = 1;
  let best: Found = { text: question, added: [], score: -Infinity, scoreBefore };
  for (let changed = true, round = 0; changed && spent < budget; round++) {
    changed = false;
    for (let slot = 0; slot < maxWords && spent < budget; slot++) {
      const others = best.added.filter((_, index) => index !== slot);
      const drawn = shuffle(sometimes, random).slice(0, Math.max(0, perSlot - always.length));
      const tried = [...new Set([...always, ...drawn])]
        .map((words) => [...best.added.slice(0, slot), words, ...best.added.slice(slot + 1)])
        .concat(round > 0 && others.length > 0 && others.length < best.added.length ? [others] : [])
        .filter((added) => isReadable(added, maxWords) && String(added) !== String(best.added))
        .slice(0, budget - spent);
      const texts = tried.map((added) => addWords(question, place, added));
      const scores = texts.length === 0 ? [] : await score(texts);
      spent += texts.length;
      const top = scores.indexOf(Math.max(...scores));
      const [text, added, topScore] = [texts[top], tried[top], scores[top]];
      if (text === undefined || added === undefined || topScore === undefined || topScore <= best.score) continue;
      best = { text, added, score: topScore, scoreBefore };
      changed = true;
    }
  }
  return best;
}

/** "Who wrote Emma?" with a suffix: "Who wrote Emma? word word"; inserted: after the first half of its words. */
export function addWords(question: string, place: Place, added: readonly string[]): string {
  if (added.length === 0) return question;
  const words = question.split(" ");
  const at = { prefix: 0, inserted: Math.floor(words.length / 2), suffix: words.length }[place];
  return [...words.slice(0, at), ...added, ...words.slice(at)].join(" ");
}

function isReadable(added: readonly string[], maxWords: number): boolean {
  const words = added.flatMap((each) => each.toLowerCase().split(" "));
  return words.length <= maxWords && new Set(words).size === words.length;
}

function shuffle(values: readonly string[], random: () => number): readonly string[] {
  const shuffled = [...values];
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [shuffled[index], shuffled[other]] = [shuffled[other] ?? "", shuffled[index] ?? ""];
  }
  return shuffled;
}

/** Mulberry32 (Tommy Ettinger, public domain): 0 up to 1, the same on every machine. */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
