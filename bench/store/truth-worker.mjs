import { parentPort, workerData } from "node:worker_threads";
import { scanNearest } from "./nearest.mjs";
import { openVectors } from "./vectors.mjs";

const { sentences, queries, sizes, k } = workerData;
const vectors = openVectors(sentences);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort.postMessage(scanNearest(vectors, vectors.queries.slice(0, queries), sizes, k));
