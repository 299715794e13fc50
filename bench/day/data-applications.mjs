import { createRandom } from "../store/random.mjs";

/** Rarer answers are not asked for: a day is too short for all of them to come up. */
const MAX_LABELS = 120;
/** Phrasings of one answer: intents of live bots have hundreds. */
const MAX_PHRASINGS = 12;

/** How many pairs of each set, with the same answer and with another one. */
const pairsOf = [
  { set: "redis_cache_pairs", same: 40, other: 60 },
  { set: "qqp", same: 30, other: 50 },
  { set: "mqp", same: 30, other: 30 },
];

/** Applications, made of the streams and pairs of a data folder. Weights, models and tenants are this benchmark's own. */
const applications = [
  {
    name: "documentation",
    stream: "osschat",
    system: "You answer questions about our open source database. Use the documentation only.",
    model: "gpt-4o-mini",
    api: "openai",
    tenants: ["docs-site", "docs-chat"],
    weight: 4,
  },
  {
    name: "shop",
    stream: "hint3_curekart",
    system: "You help the customers of an online shop for health products.",
    model: "claude-haiku-4-5",
    api: "anthropic",
    tenants: ["shop"],
    weight: 4,
  },
  {
    name: "games",
    stream: "hint3_powerplay11",
    system: "You are the help desk of a fantasy sports game.",
    model: "gpt-4.1-mini",
    api: "openai",
    tenants: ["games"],
    weight: 3,
  },
  {
    name: "courses",
    stream: "text2sql_advising",
    system: "You advise students of the university about courses, sections and requirements.",
    model: "gpt-4.1",
    api: "openai",
    tenants: ["university"],
    weight: 2,
  },
  {
    name: "atlas",
    stream: "text2sql_geography",
    system: "You answer questions about the geography of the United States in one sentence.",
    model: "gpt-4o-mini",
    api: "openai",
    tenants: ["school-1", "school-2"],
    weight: 3,
  },
  {
    name: "search",
    stream: "nq_open",
    system: "Answer with a name, a number or a date.",
    model: "gpt-4o",
    api: "openai",
    tenants: ["search"],
    weight: 3,
  },
  {
    name: "writing",
    stream: "llm_prompts",
    system: "You are a helpful assistant.",
    model: "claude-opus-4-5",
    api: "anthropic",
    tenants: ["studio"],
    weight: 1,
  },
];

const assistant = {
  name: "assistant",
  system: "You are a helpful, honest assistant. Keep it short.",
  model: "claude-haiku-4-5",
  api: "anthropic",
  tenants: ["team-1", "team-2"],
  weight: 4,
};

/**
 * @param {import("../quality/data-folder.mjs").DataFolder} data
 * @param {number} seed
 * @returns {import("./record-day.mjs").Application[]}
 */
export function toApplications({ pairs, streams }, seed) {
  const random = createRandom(seed);
  const say = createSayings(pairs);
  const made = applications.map(({ stream, ...application }) => {
    const found = streams.find(({ name }) => name === stream);
    if (found === undefined) throw new Error(`Cannot make a day: the data folder has no traffic/${stream}.jsonl.gz`);
    const phrasings = choose(found.requests.flatMap(toPhrasing), random);
    return { ...application, phrasings, answers: toAnswers(phrasings, stream === "nq_open" ? null : say) };
  });
  const phrasings = toClusters(pairsOf.flatMap((wanted) => pickPairs(pairs, wanted, random)));
  return [...made, { ...assistant, phrasings, answers: toAnswers(phrasings, say) }];
}

/** None where the label says nothing. */
function toPhrasing({ text, answer_id: answerId, oos, answers }, index) {
  if (oos === true || text.trim() === "") return [];
  // Of Google's questions the answer itself is known: it is the label.
  if (answers !== undefined) return [{ text, label: answers[0] }];
  return [{ text, label: answerId === undefined ? String(index) : String(answerId) }];
}

/** So many labels and phrasings, drawn by chance; of a text with several labels the first counts. */
function choose(phrasings, random) {
  const seen = new Set();
  const byLabel = new Map();
  for (const phrasing of phrasings) {
    const key = phrasing.text.trim().toLowerCase();
    if (seen.has(key)) continue;
    seen.add(key);
    byLabel.set(phrasing.label, [...(byLabel.get(phrasing.label) ?? []), phrasing]);
  }
  return draw([...byLabel.values()], MAX_LABELS, random).flatMap((own) => draw(own, MAX_PHRASINGS, random));
}

function draw(values, count, random) {
  return values
    .map((value) => ({ value, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ value }) => value);
}

function pickPairs(pairs, { set, same, other }, random) {
  const own = pairs.filter((row) => row.set === set && row.a_context === undefined && row.b_context === undefined);
  const of = (label, count) =>
    draw(
      own.filter((row) => row.label === label),
      count,
      random,
    );
  return [...of(1, same), ...of(0, other)];
}

/** Prompts that pairs say may share an answer have one label, over several pairs too. */
function toClusters(pairs) {
  const parents = new Map();
  const rootOf = (text) => {
    let root = text;
    while (parents.get(root) !== root) root = parents.get(root);
    return root;
  };
  for (const { a, b, label } of pairs) {
    for (const text of [a, b]) if (!parents.has(text)) parents.set(text, text);
    if (label === 1) parents.set(rootOf(b), rootOf(a));
  }
  return [...parents.keys()].map((text) => ({ text, label: rootOf(text) }));
}

/** What the provider says, by label: it names what was asked, and says what it says of nothing else. Null: the label itself. */
function toAnswers(phrasings, say) {
  const answers = {};
  for (const { text, label } of phrasings) answers[label] ??= say === null ? label : say(text);
  return answers;
}

/** A sentence of an encyclopedia for each, as far as there are sentences, then two. */
function createSayings(pairs) {
  const sentences = [...new Set(pairs.filter(({ set }) => set === "paws_wiki_en").map(({ a }) => a))];
  if (sentences.length === 0) throw new Error("Cannot make a day: the data folder has no pairs of paws_wiki_en");
  let count = 0;
  return (question) => {
    const [at, round] = [count % sentences.length, Math.floor(count / sentences.length)];
    count += 1;
    const more = round === 0 ? [] : [sentences[(at + round) % sentences.length]];
    return [`As to “${question.trim()}”:`, sentences[at], ...more].join(" ");
  };
}
