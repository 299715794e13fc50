import { hasSameContent, type Alignment } from "./alignment.ts";
import type { Difference } from "./difference.ts";
import { functionWords, politeWords } from "./data/function-words.ts";
import { units } from "./data/units.ts";
import type { PromptText, Word } from "./prompt-text.ts";

type Asked =
  | "who"
  | "when"
  | "where"
  | "why"
  | "manner"
  | "amount"
  | "duration"
  | "frequency"
  | "distance"
  | "age"
  | "what"
  | "polar"
  | "none";

const QUESTION_WORDS = new Set("who whom whose when where why how what which".split(" "));
const MEASURES: { readonly [word: string]: Asked } = {
  many: "amount",
  much: "amount",
  long: "duration",
  often: "frequency",
  frequently: "frequency",
  far: "distance",
  old: "age",
  come: "why",
};
const NOUNS: { readonly [word: string]: Asked } = {
  time: "when",
  year: "when",
  date: "when",
  day: "when",
  reason: "why",
  reasons: "why",
  number: "amount",
  age: "age",
};
/** Words after which a question word still opens the question ("tell me why", "do you know where"). */
const LEADS = new Set(
  "know wondering wonder tell explain ask question understand describe find see figure say show guess idea and".split(
    " ",
  ),
);
const TENSES: { readonly [word: string]: "past" | "present" | "future" } = {
  is: "present",
  are: "present",
  am: "present",
  do: "present",
  does: "present",
  was: "past",
  were: "past",
  did: "past",
  will: "future",
  shall: "future",
};
const ASKS_WITHOUT_WORD =
  /^(?:is|are|am|was|were|do|does|did|has|have|had|can|could|should|would|will|shall|may|might|must)$/;

/** Another question word, a yes-or-no question against an open one, another tense. */
export function compareQuestions(a: PromptText, b: PromptText, alignment: Alignment | null): readonly Difference[] {
  const inA = readQuestion(a.words);
  const inB = readQuestion(b.words);
  const found: Difference[] = [];
  const open = (asked: Asked) => asked !== "polar" && asked !== "none" && asked !== "what";
  if (inA.asked !== inB.asked) {
    if (open(inA.asked) && open(inB.asked)) {
      // "How do I stop" and "why do I not stop" can want one answer; "who" and "when" cannot.
      const isSame = hasSameContent(alignment) && new Set([inA.asked, inB.asked]).has("manner");
      const kind = isSame ? "question-same" : mayBeOne(inA.asked, inB.asked) ? "question-manner" : "question-kind";
      found.push({ kind, a: inA.text, b: inB.text });
    } else if (inA.asked === "polar" && inB.asked !== "none")
      found.push({ kind: "question-polar", a: inA.text, b: inB.text });
    else if (inB.asked === "polar" && inA.asked !== "none")
      found.push({ kind: "question-polar", a: inA.text, b: inB.text });
  }
  const tenseA = tenseOf(a.words);
  const tenseB = tenseOf(b.words);
  if (tenseA && tenseB && tenseA.tense !== tenseB.tense)
    found.push({ kind: "question-tense", a: tenseA.text, b: tenseB.text });
  return found;
}

/** Words after which a speaker asks anew: "Where was, no let me ask, who did". */
const REPAIRS = new Set("or no er uh um uhm rather mean instead sorry actually that ask".split(" "));

/** The question of a prompt; where it is taken back and another asked, the other. */
function readQuestion(words: readonly Word[]): { readonly asked: Asked; readonly text: string } {
  for (let at = words.length - 1; at > 1; at--) {
    const word = words[at] as Word;
    if (!QUESTION_WORDS.has(word.key) || !REPAIRS.has(words[at - 1]?.key ?? "")) continue;
    if (words.slice(0, at - 1).some((before) => QUESTION_WORDS.has(before.key)))
      return readFirstQuestion(words.slice(at));
  }
  // "When it rains, why do worms come out?": the clause before is no question.
  if (/^(?:when|where)$/.test(words[0]?.key ?? "") && !ASKS_WITHOUT_WORD.test(words[1]?.key ?? ""))
    for (let at = 2; at + 1 < words.length; at++)
      if (QUESTION_WORDS.has(words[at]?.key ?? "") && ASKS_WITHOUT_WORD.test(words[at + 1]?.key ?? ""))
        return readFirstQuestion(words.slice(at));
  return readFirstQuestion(words);
}

/** Kinds of question that can want one answer: how and why, how long and when, how long and how far. */
function mayBeOne(one: Asked, other: Asked): boolean {
  if (one === "manner" || other === "manner") return true;
  const pair = [one, other].toSorted().join(" ");
  return pair === "distance duration" || pair === "duration when" || pair === "amount distance";
}

/** "How many days" asks how long, "how many times" how often. */
function countedAs(noun: string): Asked {
  if (noun === "times") return "frequency";
  const dimension = units.get(noun)?.dimension;
  if (dimension === "time") return "duration";
  return dimension === "length" ? "distance" : "amount";
}

function readFirstQuestion(words: readonly Word[]): { readonly asked: Asked; readonly text: string } {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    if (!QUESTION_WORDS.has(word.key) || !opensQuestion(words[at - 1], word)) continue;
    const next = words[at + 1];
    const text = `${word.text}${next === undefined ? "" : ` ${next.text}`}`;
    if (word.key === "how" && next?.key === "many") return { asked: countedAs(words[at + 2]?.key ?? ""), text };
    if (word.key === "how") return { asked: MEASURES[next?.key ?? ""] ?? "manner", text };
    if (word.key === "whom" || word.key === "whose" || word.key === "who") return { asked: "who", text: word.text };
    if (word.key === "when" || word.key === "where" || word.key === "why") return { asked: word.key, text: word.text };
    for (let noun = at + 1; noun < Math.min(words.length, at + 4); noun++) {
      const asked = NOUNS[words[noun]?.key ?? ""];
      const named = word.key === "which" || noun === at + 1 || words[noun - 1]?.key === "the";
      if (asked && named) return { asked, text: `${word.text} ${words[noun]?.text ?? ""}` };
      if (words[noun]?.isContent) break;
    }
    return { asked: "what", text: word.text };
  }
  const first = words.find((word) => !politeWords.has(word.key));
  if (first && ASKS_WITHOUT_WORD.test(first.key) && !/^(?:can|could|would|will)$/.test(first.key))
    return { asked: "polar", text: first.text };
  return { asked: "none", text: "" };
}

function opensQuestion(before: Word | undefined, word: Word): boolean {
  if (before === undefined || word.opensSentence) return true;
  return LEADS.has(before.key) || functionWords.has(before.key) || politeWords.has(before.key);
}

function tenseOf(
  words: readonly Word[],
): { readonly tense: "past" | "present" | "future"; readonly text: string } | null {
  for (const word of words) {
    const tense = TENSES[word.key];
    if (tense) return { tense, text: word.text };
  }
  return null;
}
