import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createNormal, createRandom } from "./random.mjs";
import { prepareSentences, readSentences } from "./sentences.mjs";

const REAL = { stored: 19_000, asked: 1_000 };
const SYNTHETIC = { topics: 60, centres: 6_000, asked: 1_000, dimensions: 384 };
/** Directions that noise can have, two of which are mixed, and vectors that each of them is mixed of. */
const DIRECTIONS = 4_096;
const MIXED = 8;
/** Real vectors whose nearest neighbour is looked for, to learn how near neighbours are. */
const SAMPLE = 400;

/**
 * Vectors by number, the same in every run, made when they are asked for: a million of them need no room.
 *
 * @typedef {object} Vectors
 * @property {string} embedderId
 * @property {number} dimensions
 * @property {number} real how many of them, from 0 on, are those of real prompts
 * @property {(number: number) => Float32Array} at unit length
 * @property {(number: number) => string} textOf
 * @property {readonly Float32Array[]} queries
 */

/**
 * @param {string | undefined} dataFolder
 * @returns {Promise<string | null>} what {@link openVectors} takes
 */
export async function prepareVectors(dataFolder) {
  if (!dataFolder) return null;
  const path = await prepareSentences(dataFolder, REAL);
  if (!existsSync(cosinesOf(path))) {
    const { stored, dimensions } = readSentences(path);
    writeFileSync(cosinesOf(path), JSON.stringify(nearestCosines(toRows(stored.values, dimensions))));
  }
  return path;
}

function cosinesOf(path) {
  return `${path}-cosines.json`;
}

/**
 * With a data folder: the vectors of real prompts, and past them vectors around those. Without: vectors around made
 * centres. A vector lies around its centre at a cosine that is drawn from those of real prompts to their nearest
 * neighbours, in a direction that is mixed of real vectors: noise has the shape of the real ones, not that of a ball.
 *
 * @param {string | null} sentences the file of {@link prepareVectors}
 * @returns {Vectors}
 */
export function openVectors(sentences) {
  const base = sentences === null ? makeCentres(SYNTHETIC) : readSentences(sentences);
  const { embedderId, dimensions, stored, asked } = base;
  const centres = toRows(stored.values, dimensions);
  const cosines = sentences === null ? evenly(0.6, 0.97) : JSON.parse(readFileSync(cosinesOf(sentences), "utf8"));
  const real = sentences === null ? 0 : centres.length;
  const directions = mixDirections(centres, dimensions);
  return {
    embedderId,
    dimensions,
    real,
    queries: toRows(asked.values, dimensions),
    at(number) {
      if (number < real) return centres[number].slice();
      const random = createRandom(number);
      const centre = centres[Math.floor(random() * centres.length)];
      return around(centre, cosines[Math.floor(random() * cosines.length)], directions, random);
    },
    textOf(number) {
      if (number < real) return stored.texts[number];
      const centre = Math.floor(createRandom(number)() * centres.length);
      return `${stored.texts[centre]} (variation ${number})`;
    },
  };
}

function around(centre, cosine, directions, random) {
  const { length } = centre;
  const one = directions[Math.floor(random() * directions.length)];
  const other = directions[Math.floor(random() * directions.length)];
  const angle = 2 * Math.PI * random();
  const [oneShare, otherShare] = [Math.cos(angle), Math.sin(angle)];
  const noise = new Float32Array(length);
  let along = 0;
  for (let at = 0; at < length; at++) {
    noise[at] = oneShare * one[at] + otherShare * other[at];
    along += noise[at] * centre[at];
  }
  let squares = 0;
  for (let at = 0; at < length; at++) {
    noise[at] -= along * centre[at];
    squares += noise[at] * noise[at];
  }
  const share = Math.sqrt((1 - cosine * cosine) / squares);
  for (let at = 0; at < length; at++) noise[at] = cosine * centre[at] + share * noise[at];
  return toUnit(noise);
}

function mixDirections(centres, dimensions) {
  const random = createRandom(1);
  const normal = createNormal(random);
  const mean = meanOf(centres, dimensions);
  return Array.from({ length: DIRECTIONS }, () => {
    const direction = new Float32Array(dimensions);
    for (let part = 0; part < MIXED; part++) {
      const weight = normal();
      const row = centres[Math.floor(random() * centres.length)];
      for (let at = 0; at < dimensions; at++) direction[at] += weight * (row[at] - mean[at]);
    }
    return toUnit(direction);
  });
}

/** Cosines of some of them to the nearest of all the others, from the farthest to the nearest. */
function nearestCosines(rows) {
  const step = Math.max(1, Math.floor(rows.length / SAMPLE));
  const cosines = [];
  for (let number = 0; number < rows.length; number += step) {
    let best = -1;
    for (const [other, row] of rows.entries()) if (other !== number) best = Math.max(best, dot(rows[number], row));
    cosines.push(Math.min(best, 0.999));
  }
  return cosines.toSorted((a, b) => a - b);
}

function evenly(least, most) {
  return Array.from({ length: SAMPLE }, (_, at) => least + ((most - least) * at) / SAMPLE);
}

/** Centres around topics, and queries around centres. */
function makeCentres({ topics, centres, asked, dimensions }) {
  const random = createRandom(0);
  const normal = createNormal(random);
  const direction = () => toUnit(Float32Array.from({ length: dimensions }, normal));
  const near = (row, share) => {
    const other = direction();
    return toUnit(row.map((value, at) => share * value + Math.sqrt(1 - share * share) * other[at]));
  };
  const tops = Array.from({ length: topics }, direction);
  const rows = Array.from({ length: centres }, (_, number) => near(tops[number % topics], 0.6));
  const queries = Array.from({ length: asked }, () =>
    near(rows[Math.floor(random() * centres)], 0.6 + 0.37 * random()),
  );
  const toSentences = (list, name) => {
    const values = new Float32Array(list.length * dimensions);
    for (const [at, row] of list.entries()) values.set(row, at * dimensions);
    return { texts: list.map((_, number) => `${name} ${number}`), values };
  };
  return {
    embedderId: "synthetic",
    dimensions,
    stored: toSentences(rows, "What is known about subject"),
    asked: toSentences(queries, "Who knows about subject"),
  };
}

function toRows(values, dimensions) {
  return Array.from({ length: values.length / dimensions }, (_, row) =>
    values.subarray(row * dimensions, (row + 1) * dimensions),
  );
}

function meanOf(rows, dimensions) {
  const mean = new Float64Array(dimensions);
  for (const row of rows) for (let at = 0; at < dimensions; at++) mean[at] += row[at] / rows.length;
  return mean;
}

function toUnit(vector) {
  const length = Math.sqrt(dot(vector, vector));
  for (let at = 0; at < vector.length; at++) vector[at] /= length;
  return vector;
}

export function dot(a, b) {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum;
}
