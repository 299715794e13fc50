import { createHash } from "node:crypto";
import { createRandom } from "../store/random.mjs";

/**
 * @typedef {object} Phrasing
 * @property {string} text
 * @property {string} label equal in one application: the same answer
 *
 * @typedef {object} Application
 * @property {string} name
 * @property {string} system its system prompt
 * @property {string} model
 * @property {"openai" | "anthropic"} api
 * @property {readonly string[]} tenants whose requests it makes
 * @property {number} weight its share of the day's requests, relative to the others'
 * @property {readonly Phrasing[]} phrasings
 * @property {Readonly<Record<string, string>>} answers what the provider says, by label
 *
 * @typedef {object} RecordedRequest a line of the log
 * @property {string} timestamp ISO 8601
 * @property {string} tenant the credential that it is sent with
 * @property {string} path
 * @property {object} request the body
 * @property {string} answer_id its label, with the application: equal ones have the same answer
 * @property {number | null} may_be_answered_by the line of the first earlier request whose answer it may have; null: none
 * @property {{ readonly input_tokens: number, readonly output_tokens: number }} usage of a provider call
 */

/** Relative traffic by hour, from midnight: nights are quiet, work peaks before and after noon, the evening is at home. */
const HOURS = [4, 2, 2, 1, 1, 2, 5, 12, 26, 40, 46, 42, 30, 36, 44, 42, 34, 26, 22, 24, 26, 20, 14, 8];
const HOUR_MS = 3_600_000;
/** Zipf's law: the n-th most frequent is asked 1 / n^s as often as the first. Of answers, and of the ways to ask for one. */
const ANSWER_EXPONENT = 1;
const PHRASING_EXPONENT = 0.5;
const STREAM_SHARE = 0.5;

/**
 * A day of requests in the order of their times; the same for the same seed.
 *
 * @param {readonly Application[]} applications
 * @param {{ requests: number, seed: number, dayMs: number }} options `dayMs`: its midnight, milliseconds since the Unix epoch
 * @returns {RecordedRequest[]}
 */
export function recordDay(applications, { requests, seed, dayMs }) {
  const random = createRandom(seed);
  const hours = createWeighted(HOURS, random);
  const times = Array.from({ length: requests }, () => Math.floor(dayMs + (hours() + random()) * HOUR_MS));
  const pickApplication = createWeighted(
    applications.map(({ weight }) => weight),
    random,
  );
  const pickers = applications.map((application) => createPicker(application, random));
  /** The first line of each answer in each place where it may be given. */
  const first = new Map();
  return times
    .toSorted((a, b) => a - b)
    .map((timeMs, index) => {
      const which = pickApplication();
      const application = applications[which];
      const { text, label } = pickers[which]();
      const tenant = application.tenants[Math.floor(random() * application.tenants.length)];
      const answerId = `${application.name}/${label}`;
      const place = `${tenant} ${answerId}`;
      const earlier = first.get(place) ?? null;
      if (earlier === null) first.set(place, index + 1);
      return {
        timestamp: new Date(timeMs).toISOString(),
        tenant,
        path: application.api === "openai" ? "/v1/chat/completions" : "/v1/messages",
        request: toBody(application, text, random() < STREAM_SHARE),
        answer_id: answerId,
        may_be_answered_by: earlier,
        usage: toUsage(application, text, label),
      };
    });
}

/** What the provider says to a prompt of an application. @param {readonly Application[]} applications */
export function createAnswerBook(applications) {
  const book = new Map();
  for (const application of applications) {
    for (const { text, label } of application.phrasings) {
      book.set(toKey(application.system, text), {
        answerId: `${application.name}/${label}`,
        text: application.answers[label],
        usage: toUsage(application, text, label),
      });
    }
  }
  return { find: (system, prompt) => book.get(toKey(system, prompt)) ?? null };
}

function toKey(system, prompt) {
  return createHash("sha256")
    .update(JSON.stringify([system, prompt]))
    .digest("hex");
}

/** Answers by popularity, and of an answer its phrasings by popularity. */
function createPicker({ phrasings }, random) {
  const byLabel = groupByLabel(phrasings);
  const labels = shuffle([...byLabel.keys()], random);
  const pickLabel = createWeighted(zipf(labels.length, ANSWER_EXPONENT), random);
  const ways = new Map(
    labels.map((label) => {
      const own = shuffle(byLabel.get(label), random);
      return [label, { own, pick: createWeighted(zipf(own.length, PHRASING_EXPONENT), random) }];
    }),
  );
  return () => {
    const { own, pick } = ways.get(labels[pickLabel()]);
    return own[pick()];
  };
}

function groupByLabel(phrasings) {
  const groups = new Map();
  for (const phrasing of phrasings) groups.set(phrasing.label, [...(groups.get(phrasing.label) ?? []), phrasing]);
  return groups;
}

function zipf(size, exponent) {
  return Array.from({ length: size }, (_, index) => 1 / (index + 1) ** exponent);
}

/** Draws an index as often as its weight says. */
function createWeighted(weights, random) {
  const sums = [];
  let sum = 0;
  for (const weight of weights) sums.push((sum += weight));
  return () => {
    const at = random() * sum;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Fisher and Yates. */
function shuffle(values, random) {
  const mixed = [...values];
  for (let index = mixed.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [mixed[index], mixed[other]] = [mixed[other], mixed[index]];
  }
  return mixed;
}

function toBody({ system, model, api }, text, stream) {
  const user = { role: "user", content: text };
  if (api === "anthropic") return { model, max_tokens: 1024, system, messages: [user], ...(stream && { stream }) };
  const messages = [{ role: "system", content: system }, user];
  return { model, messages, ...(stream && { stream, stream_options: { include_usage: true } }) };
}

/** About four characters a token, as English has: what it is does not matter, as long as both sides count the same. */
function toUsage({ system, answers }, text, label) {
  return {
    input_tokens: Math.ceil((system.length + text.length) / 4),
    output_tokens: Math.ceil(answers[label].length / 4),
  };
}
