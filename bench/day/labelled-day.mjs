import { priceTable } from "../../dist/pricing/data/price-table.js";

/**
 * What a played day was, by the labels of its log and the answers that clients were given. Nothing here is taken from what
 * Semcache says of itself but the outcome in each answer's headers.
 *
 * @typedef {object} LabelledDay
 * @property {number} requests
 * @property {number} answerable requests whose answer an earlier one had been given
 * @property {{ readonly exact: LabelledHits, readonly semantic: LabelledHits }} hits
 * @property {number} misses
 * @property {Readonly<Record<string, number>>} missReasons
 * @property {number} garbled answers that do not say what the provider said in the call that they name
 * @property {number} leaked answers of a call that was made for another tenant
 * @property {number} savedTokens by the usage of the calls whose answers were given again
 * @property {number} savedDollars
 * @property {Readonly<Record<string, { tokens: number, dollars: number, calls: number }>>} savedByModel
 * @property {readonly number[]} requestsByHour
 * @property {readonly (boolean | null)[]} wrongByRequest null: no hit
 *
 * @typedef {object} LabelledHits
 * @property {number} count
 * @property {number} wrong
 *
 * @param {readonly import("./record-day.mjs").RecordedRequest[]} day
 * @param {import("./play-day.mjs").PlayedDay} played
 * @returns {LabelledDay}
 */
export function labelDay(day, { requests, calls }) {
  const hits = { exact: { count: 0, wrong: 0 }, semantic: { count: 0, wrong: 0 } };
  const missReasons = {};
  const savedByModel = {};
  const requestsByHour = Array.from({ length: 24 }, () => 0);
  let [misses, garbled, leaked, savedTokens, savedDollars] = [0, 0, 0, 0, 0];
  const wrongByRequest = day.map((line, index) => {
    const { status, match, reason, call: number, text } = requests[index];
    const call = calls[number - 1];
    requestsByHour[new Date(line.timestamp).getUTCHours()] += 1;
    if (call.text !== text) garbled += 1;
    if (call.tenant !== line.tenant) leaked += 1;
    if (status !== "hit") {
      misses += 1;
      missReasons[reason] = (missReasons[reason] ?? 0) + 1;
      return null;
    }
    const isWrong = call.answerId !== line.answer_id;
    hits[match].count += 1;
    if (isWrong) hits[match].wrong += 1;
    const tokens = call.usage.input_tokens + call.usage.output_tokens;
    const dollars = dollarsOf(call.usage, call.model);
    const saved = (savedByModel[call.model] ??= { calls: 0, tokens: 0, dollars: 0 });
    saved.calls += 1;
    saved.tokens += tokens;
    saved.dollars += dollars;
    savedTokens += tokens;
    savedDollars += dollars;
    return isWrong;
  });
  return {
    requests: day.length,
    answerable: day.filter((line) => line.may_be_answered_by !== null).length,
    hits,
    misses,
    missReasons,
    garbled,
    leaked,
    savedTokens,
    savedDollars,
    savedByModel,
    requestsByHour,
    wrongByRequest,
  };
}

/** List price of a call without cached input, in US dollars. @param {string} model as it is listed */
export function dollarsOf({ input_tokens: input, output_tokens: output }, model) {
  const price = priceTable.map(({ models }) => models[model]).find((each) => each !== undefined);
  if (price === undefined) throw new Error(`Cannot price the day: ${model} is not in the price table`);
  return (input * price.input + output * price.output) / 1e6;
}
