// Prompts by the thousand, of about the number of tokens that is wanted, the same in every run. Many share words with
// many others, as the prompts of one application do.

const ACTIONS = [
  ["repair", "repairing"],
  ["clean", "cleaning"],
  ["paint", "painting"],
  ["store", "storing"],
  ["sell", "selling"],
  ["build", "building"],
  ["measure", "measuring"],
  ["ship", "shipping"],
  ["replace", "replacing"],
  ["decorate", "decorating"],
  ["insure", "insuring"],
  ["test", "testing"],
];
const KINDS = "wooden old small heavy green round modern used broken foldable".split(" ");
const THINGS =
  "chair table lamp door window bicycle boat piano clock mirror shelf oven tent camera radio suitcase fence bed stove ladder".split(
    " ",
  );
const ROOMS = "kitchen garage garden cellar attic office hall workshop".split(" ");
const PEOPLE = "sister neighbour uncle teacher friend colleague daughter landlord".split(" ");
const QUALITIES = "quiet bright cold dry narrow crowded dusty warm".split(" ");

/** Ways to ask; the first two of each ask the same. */
const QUESTIONS = [
  [(what) => `How do I ${what.verb} ${what.thing}?`, (what) => `How can I ${what.verb} ${what.thing}?`],
  [
    (what) => `What is the best way to ${what.verb} ${what.thing}?`,
    (what) => `Which way of ${what.doing} ${what.thing} is best?`,
  ],
  [
    (what) => `What does ${what.doing} ${what.thing} cost?`,
    (what) => `How much does it cost to ${what.verb} ${what.thing}?`,
  ],
  [
    (what) => `Why should I ${what.verb} ${what.thing}?`,
    (what) => `For what reason should I ${what.verb} ${what.thing}?`,
  ],
];

/** Sentences that may stand before the question, by seed; about 12 tokens each. */
const CONTEXTS = [
  (pick) => `My ${pick(PEOPLE)} keeps it in the ${pick(ROOMS)}, which is rather ${pick(QUALITIES)}.`,
  (pick) => `We bought it from a ${pick(PEOPLE)} who had no room left.`,
  (pick) => `Nobody has looked after it since we moved to the ${pick(QUALITIES)} flat.`,
  (pick) => `The tools that I have are in the ${pick(ROOMS)} and are quite good.`,
  (pick) => `It should look nice because my ${pick(PEOPLE)} wants to use it soon.`,
  (pick) => `I would like to do most of the work in the ${pick(ROOMS)}.`,
  () => `There is not much money for it, but there is plenty of time.`,
  (pick) => `A ${pick(PEOPLE)} told me that the ${pick(ROOMS)} is too ${pick(QUALITIES)} for it.`,
  () => `Please keep the answer simple, since I have never done such a thing.`,
];

/** The lengths, in tokens, and how many sentences stand before the question. */
export const lengths = [
  { tokens: 8, contexts: 0 },
  { tokens: 20, contexts: 1 },
  { tokens: 60, contexts: 4 },
  { tokens: 120, contexts: 8 },
];

/**
 * The `number`-th prompt of a length. Different numbers ask different things, up to some thousands.
 *
 * @param {{ contexts: number }} length
 * @param {number} number
 * @param {{ reworded?: boolean, otherThing?: boolean }} [variation] the same asked in other words; the same about
 *   something else
 */
export function toPrompt({ contexts }, number, { reworded = false, otherThing = false } = {}) {
  const [verb, doing] = ACTIONS[number % ACTIONS.length];
  const ask = QUESTIONS[Math.floor(number / ACTIONS.length) % QUESTIONS.length][reworded ? 1 : 0];
  const rest = Math.floor(number / ACTIONS.length / QUESTIONS.length);
  const thing = THINGS[(rest * 7 + number + (otherThing ? 3 : 0)) % THINGS.length];
  const kind = KINDS[(rest * 3 + number) % KINDS.length];
  const question = ask({ verb, doing, thing: `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind} ${thing}` });
  let turn = number;
  const pick = (words) => words[(turn = (turn * 31 + 17) % 65_521) % words.length];
  const before = Array.from({ length: contexts }, (_, at) => CONTEXTS[(number + at) % CONTEXTS.length](pick));
  return [...before, question].join(" ");
}
