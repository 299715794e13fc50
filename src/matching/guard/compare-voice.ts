import type { Difference } from "./difference.ts";
import type { PromptText, Word } from "./prompt-text.ts";

const ASKERS = new Set(["who", "whom", "what", "which"]);
const DOES = new Set(["do", "does", "did"]);

/** Who does and who is done to: "who killed Caesar", "who did Caesar kill". */
export function compareVoice(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readRoles(a.words);
  const inB = readRoles(b.words);
  if (inA === null || inB === null || inA.asksObject === inB.asksObject) return [];
  if (inA.stems.toSorted().join(" ") !== inB.stems.toSorted().join(" ")) return [];
  return [{ kind: "order-voice", a: inA.text, b: inB.text }];
}

/** "Who did Caesar kill" asks for the object. At least a verb and a noun. */
function readRoles(
  words: readonly Word[],
): { readonly asksObject: boolean; readonly stems: readonly string[]; readonly text: string } | null {
  const [first, second] = words;
  if (first === undefined || second === undefined || !ASKERS.has(first.key)) return null;
  const content = words.filter((word) => word.isContent || word.kind === "number");
  if (words.filter((word) => ASKERS.has(word.key)).length > 1) return null;
  if (content.length < 2 || words.some((word) => word.key === "by")) return null;
  const asksObject = DOES.has(second.key);
  // "What does the fox say": the subject's question needs its verb right after the question word.
  if (!asksObject && !second.isContent) return null;
  return {
    asksObject,
    stems: content.map((word) => word.stem),
    text: words
      .slice(0, 4)
      .map((word) => word.text)
      .join(" "),
  };
}
