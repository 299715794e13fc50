import { hasSameContent, type Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";

type Modal = "able" | "advised" | "obliged" | "future" | "permitted" | "bound";

const MODALS: ReadonlyMap<string, Modal> = new Map([
  ["can", "able"],
  ["could", "able"],
  ["may", "able"],
  ["might", "able"],
  ["should", "advised"],
  ["ought", "advised"],
  ["must", "obliged"],
  ["will", "future"],
  ["shall", "future"],
]);
/** Said with "to" after it: "am I allowed to bring food", "do I have to bring food". They differ from each other, and tell of nothing else. */
const BEFORE_TO: ReadonlyMap<string, Modal> = new Map([
  ["allowed", "permitted"],
  ["permitted", "permitted"],
  ["have", "bound"],
  ["has", "bound"],
  ["required", "bound"],
  ["obliged", "bound"],
]);
const MAY: ReadonlySet<string> = new Set(["able", "permitted"]);
const MUST: ReadonlySet<string> = new Set(["obliged", "bound"]);
const PAST = new Set(["did", "was", "were"]);
const ASKERS = new Set(["how", "what", "which", "where", "when", "why", "who"]);
const POLITE_AFTER = new Set(["you", "u"]);

/**
 * Whether it may, should, must or will be: "can I eat rice", "should I eat rice". After "how" and "what" the first two
 * mostly want the same ("how can I sleep", "how should I sleep"). Where other words differ too, it is told only.
 */
export function compareModals(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  const inA = readModal(a.words);
  const inB = readModal(b.words);
  if (inA === null || inB === null || inA.modal === inB.modal) return [];
  const modals = new Set<Read["modal"]>([inA.modal, inB.modal]);
  if (modals.has("permitted") || modals.has("bound")) {
    const isOpposed = [...modals].some((modal) => MAY.has(modal)) && [...modals].some((modal) => MUST.has(modal));
    return isOpposed && inA.isPolar && inB.isPolar ? [{ kind: "modal-value", a: inA.text, b: inB.text }] : [];
  }
  const isSame = hasSameContent(alignment);
  // "Should I learn Java", "did I learn Java": what is and what was.
  const isTense = modals.has("past") && (modals.has("future") || (isSame && inA.isPolar && inB.isPolar));
  if (!isTense && modals.has("past")) return [];
  if (!isSame) return [{ kind: "modal-other", a: inA.text, b: inB.text }];
  const kind = isTense ? "modal-tense" : inA.isPolar && inB.isPolar ? "modal-value" : "modal-manner";
  return [{ kind, a: inA.text, b: inB.text }];
}

interface Read {
  readonly modal: Modal | "past";
  readonly text: string;
  readonly isPolar: boolean;
}

/** The first modal that is no polite "could you". */
function readModal(words: readonly Word[]): Read | null {
  let isPolar = true;
  for (const [at, word] of words.entries()) {
    if (ASKERS.has(word.key)) isPolar = false;
    const next = words[at + 1]?.key ?? "";
    const modal = PAST.has(word.key)
      ? "past"
      : ((next === "to" ? BEFORE_TO.get(word.key) : undefined) ?? MODALS.get(word.key));
    if (modal === undefined || (modal !== "past" && POLITE_AFTER.has(next))) continue;
    return { modal, text: word.text, isPolar };
  }
  return null;
}
