import { demandOpeners, demands, longestDemand } from "./data/demands.ts";
import { toDifferences, type Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";

/** Types that say how much or how deep; the others say in what form, tongue or tone, and cannot be overlooked. */
const EXTENTS = /^(?:length|evidence):/;
/** Who reads the answer, in a prompt that wants something told; elsewhere whom it is about ("safe for an adult"). */
const READERS = /^audience:(?:child|adults|seniors|student|teens)$/;
const TELLS =
  /\b(?:explain|describe|tell|write|summarize|rewrite|define|teach|introduce|present|put|say|simplify|what is|what are)\b/;

/** What is demanded of the answer beside its content: language, format, length, audience, style, evidence. */
export function compareDemands(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readDemands(a);
  const inB = readDemands(b);
  const onlyA = missing(inA, inB, b);
  const onlyB = missing(inB, inA, a);
  const isTold = TELLS.test(a.canonical.toLowerCase()) || TELLS.test(b.canonical.toLowerCase());
  const isExtent = (atom: string) => EXTENTS.test(atom) || (!isTold && READERS.test(atom));
  const forms = (found: ReadonlyMap<string, string>) =>
    [...found].filter(([atom]) => !isExtent(atom)).map(([, text]) => text);
  const extents = (found: ReadonlyMap<string, string>) =>
    [...found].filter(([atom]) => isExtent(atom)).map(([, text]) => text);
  return [
    ...toDifferences(forms(onlyA), forms(onlyB), "demand-value", "demand-missing"),
    ...toDifferences(extents(onlyA), extents(onlyB), "demand-extent", "demand-extent"),
  ];
}

/** Demands that the other prompt does not make, nor names ("python sort list", "sort a list in Python"). */
function missing(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
  prompt: PromptText,
): ReadonlyMap<string, string> {
  // A prompt is in English unless it says otherwise.
  const hasSource = [...other.keys()].some((atom) => atom.startsWith("source:"));
  return new Map(
    [...one].filter(
      ([atom]) =>
        !(atom === "source:english" && !hasSource) &&
        !other.has(atom) &&
        !prompt.keys.has(atom.slice(atom.indexOf(":") + 1)),
    ),
  );
}

/** Each demand with the words that make it. */
function readDemands(prompt: PromptText): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const { words } = prompt;
  for (let at = 0; at < words.length;) {
    let taken = 1;
    if (!demandOpeners.has(words[at]?.key ?? "")) {
      at += 1;
      continue;
    }
    let phrase = "";
    for (let length = 1; length <= Math.min(longestDemand, words.length - at); length++) {
      phrase += `${length > 1 ? " " : ""}${words[at + length - 1]?.key ?? ""}`;
      const atom = demands.get(phrase);
      if (atom === undefined) continue;
      found.set(
        atom,
        words
          .slice(at, at + length)
          .map((word) => word.text)
          .join(" "),
      );
      taken = length;
    }
    at += taken;
  }
  return found;
}
