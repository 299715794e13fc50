import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/**
 * @typedef {object} PairRow
 * @property {string} a the earlier prompt, whose answer is stored
 * @property {string} b the new prompt
 * @property {0 | 1} label 1: B may be answered with A's answer
 * @property {string} set
 * @property {readonly string[]} [a_context] the conversation before A
 * @property {readonly string[]} [b_context]
 *
 * @typedef {object} Request
 * @property {string} text
 * @property {string | number} [answer_id] equal: the same answer
 * @property {string} [intent] coarser than an answer
 * @property {boolean} [oos] out of scope: its label says nothing
 *
 * @typedef {object} DataFolder
 * @property {readonly PairRow[]} pairs
 * @property {readonly { readonly name: string, readonly requests: readonly Request[] }[]} streams
 * @property {Readonly<Record<string, string>>} digests sha256 of each file
 */

/** @param {string} folder @returns {DataFolder} */
export function readDataFolder(folder) {
  /** @type {Record<string, string>} */
  const digests = {};
  const read = (name) => {
    const bytes = readFileSync(join(folder, name));
    digests[name] = createHash("sha256").update(bytes).digest("hex");
    const lines = gunzipSync(bytes).toString("utf8").split("\n");
    return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
  };
  const pairs = read("bench.jsonl.gz");
  const traffic = join(folder, "traffic");
  const files = existsSync(traffic) ? readdirSync(traffic).filter((file) => file.endsWith(".jsonl.gz")) : [];
  const streams = files
    .toSorted()
    .map((file) => ({ name: file.slice(0, -".jsonl.gz".length), requests: read(`traffic/${file}`) }));
  return { pairs, streams, digests };
}
