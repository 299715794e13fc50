import type { Alignment } from "./alignment.ts";
import { isTelling } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";

const JOINERS = new Set("and also then plus additionally".split(" "));
const ASKERS = new Set("what which who whom whose when where why how is are does do did can should will".split(" "));
const ORDERS = new Set(
  "list explain describe translate give show tell write compare summarize convert calculate count name add include suggest recommend find provide create delete send".split(
    " ",
  ),
);

/**
 * A second request after the first, in one prompt only: "Who wrote Faust", "Who wrote Faust, and in which city did he
 * die". All of the other prompt is in this one; what follows asks or orders something.
 */
export function compareAddedRequests(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  const added = alignment?.stretches.at(-1);
  if (alignment === null || added === undefined || alignment.stretches.length > 1) return [];
  const isInA = added.b.length === 0;
  if (added.a.length > 0 && !isInA) return [];
  const [words, from, all] = isInA ? [added.a, added.fromA, a.words] : [added.b, added.fromB, b.words];
  if (from < 2 || from + words.length < all.length || !isRequest(words)) return [];
  const text = words.map((word) => word.text).join(" ");
  return [{ kind: "added-request", a: isInA ? text : "", b: isInA ? "" : text }];
}

function isRequest(words: readonly Word[]): boolean {
  const [first] = words;
  if (first === undefined || !words.some(isTelling)) return false;
  if (!JOINERS.has(first.key) && !first.opensSentence) return false;
  // Polite endings open a sentence too ("Thanks"); a request has its verb or question word near its beginning.
  return words.slice(0, 4).some((word) => ASKERS.has(word.key) || ORDERS.has(word.key));
}
