// Searches for attacks, instead of writing them: for each cached prompt and another question of an attacker, words that
// drag the question to the cached prompt.
//
//   npm run build && node test/quality/search-attacks.mjs [--attacks 48] [--budget 1] [--evade-guard] [--out <file>]
//
// Method: after CacheAttack (arXiv 2601.23088), which optimises a suffix so that an embedding falls into the cache's
// threshold. Here the search is greedy and coordinate-wise over whole words (those of the cached prompt, everyday words,
// phrases of instruction), at most eight of them, as suffix, prefix or inserted text. Each pair of questions is attacked
// three times: for the embedder's cosine, for the verifier's logit, and for both. The attacker knows the shipped models
// and may ask them without limit. In every second pair the attacker's text is the stored one, as in the paper; in the
// others it asks for what is stored.
//
// --budget multiplies the texts that are tried (TRIES). --evade-guard drops texts in which the guard has a veto: an attacker
// who knows the guard too. Without --out, the result replaces attacks/searched.jsonl. The same models and options give the
// same file; about five minutes of one idle core.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJudging } from "#semcache/app.js";
import { dotProduct } from "#semcache/base/dot-product.js";
import { loadConfig } from "#semcache/config/load.js";
import { createLocalEmbedder } from "#semcache/embedding/local-embedder.js";
import { createPromptGuard } from "#semcache/matching/guard/prompt-guard.js";
import { createLocalVerifier } from "#semcache/matching/local-verifier.js";
import { createLoader } from "./load-typescript.mjs";

const SEED = 2601_23088;
const MAX_WORDS = 8;
const PLACES = ["suffix", "prefix", "inserted"];
/** Texts per attack. The verifier takes three times as long as the embedder. */
const TRIES = { cosine: 1_000, logit: 400, both: 300 };
/** In the shipped calibration a cosine of 1 weighs about as much as this many logits. */
const LOGITS_PER_COSINE = 4;

const { values: options } = parseArgs({
  options: {
    attacks: { type: "string", default: "48" },
    budget: { type: "string", default: "1" },
    "evade-guard": { type: "boolean", default: false },
    out: { type: "string", default: fileURLToPath(new URL("attacks/searched.jsonl", import.meta.url)) },
  },
});
const count = Number(options.attacks);
const budget = Number(options.budget);
if (!Number.isInteger(count) || count < 1) throw new RangeError(`Cannot search: --attacks is ${options.attacks}`);
if (!(budget > 0)) throw new RangeError(`Cannot search: --budget is ${options.budget}`);

const { load, close: closeLoader } = await createLoader();
const { attackQuestions, commonWords, instructions } = await load("attack-questions.ts");
const { searchWords } = await load("word-search.ts");
const overrides = { embedding: { workers: 1 } };
const { config } = loadConfig({ env: {}, workingFolder: import.meta.dirname, overrides });
const judging = await createJudging(config);
const embedder = createLocalEmbedder(judging.pool, { queue: "unbounded" });
const verifier = createLocalVerifier(judging.pool, { queue: "unbounded" });
const guard = createPromptGuard();

/** The texts' scores against a cached prompt. `toPair` says which of the two is stored. */
function createScores(cached, toPair) {
  let target = null;
  const toVectors = async (texts) =>
    (await embedder.embed(texts)).map((each) => (each.kind === "embedded" ? each.vector.values : null));
  const cosine = async (texts) => {
    target ??= (await toVectors([cached]))[0];
    return (await toVectors(texts)).map((vector) => (vector === null ? -Infinity : dotProduct(vector, target)));
  };
  const logit = async (texts) => (await verifier.score(texts.map(toPair))).map((each) => each ?? -Infinity);
  const both = async (texts) => {
    const [cosines, logits] = await Promise.all([cosine(texts), logit(texts)]);
    return texts.map((_, index) => LOGITS_PER_COSINE * cosines[index] + logits[index]);
  };
  return { cosine, logit, both };
}

function evading(score, toPair) {
  return async (texts) => {
    const open = texts.filter((text) => !guard.compare(toPair(text)).some(({ effect }) => effect === "veto"));
    const scores = open.length === 0 ? [] : await score(open);
    return texts.map((text) => scores[open.indexOf(text)] ?? -Infinity);
  };
}

async function attack(index) {
  const aims = Object.keys(TRIES);
  const pair = Math.floor(index / aims.length);
  const aim = aims[index % aims.length];
  const place = PLACES[(index + pair) % PLACES.length];
  const [cached, question] = attackQuestions[pair];
  const isStored = pair % 2 === 1;
  const toPair = (text) => (isStored ? { a: text, b: cached } : { a: cached, b: text });
  const score = createScores(cached, toPair)[aim];
  const found = await searchWords({
    question,
    place,
    always: [...new Set(cached.replace(/[?.,!]/g, "").split(" "))],
    sometimes: [...commonWords, ...instructions],
    maxWords: MAX_WORDS,
    budget: Math.ceil(TRIES[aim] * budget),
    seed: SEED + index,
    score: options["evade-guard"] ? evading(score, toPair) : score,
  });
  // Nothing that the guard lets pass.
  if (found.added.length === 0) return null;
  const raised = { cosine: "the cosine", logit: "the verifier's logit", both: "cosine and logit" }[aim];
  const reason =
    `searched ${place} that raises ${raised} from ${found.scoreBefore.toFixed(2)} to ${found.score.toFixed(2)}; ` +
    `the ${isStored ? "stored prompt" : "request"} still asks another question`;
  return { ...toPair(found.text), reason };
}

const startedAt = performance.now();
const attacks = [];
let successes = 0;
await judging.pool.warm();
for (let index = 0; index < Math.min(count, Object.keys(TRIES).length * attackQuestions.length); index++) {
  const found = await attack(index);
  if (found === null) continue;
  const {
    verdict,
    reason,
    similarity,
    verifier: logit,
    confidence,
  } = await judging.patientMatcher.compare(found.a, found.b);
  if (verdict === "hit") successes++;
  attacks.push(found);
  const figures = [similarity, logit, confidence].map((each) => each?.toFixed(3) ?? "-").join(" ");
  process.stdout.write(`${verdict === "hit" ? "HIT " : `miss ${reason}`} ${figures}\n  ${found.a}\n  ${found.b}\n`);
}
await judging.close();
await closeLoader();
const toLine = ({ a, b, reason }) =>
  `{"a": ${JSON.stringify(a)}, "b": ${JSON.stringify(b)}, "reason": ${JSON.stringify(reason)}}`;
writeFileSync(options.out, `${attacks.map(toLine).join("\n")}\n`);
const seconds = (performance.now() - startedAt) / 1_000;
process.stdout.write(
  `${successes} of ${attacks.length} searched attacks succeed; ${seconds.toFixed(0)} s; ${options.out}\n`,
);
