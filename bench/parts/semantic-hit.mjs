// A semantic hit from the first byte of the request to the last of the answer, without embedder and verifier.
// Method: for each sample a namespace of its own gets a question and its answer, then the same question in other words
// is asked, so that no verdict is remembered. The client's time minus `lookupMs.embed` and `lookupMs.judge` of the log
// line is what the target is about; it includes the way through the kernel and the client's own work.
import { answerHeader, Connection } from "../support/connection.mjs";
import { Child } from "../support/child.mjs";
import { LogReader } from "../support/log-reader.mjs";
import { paraphrases } from "../support/prompts.mjs";
import { chatBody, toHttpRequest } from "../support/requests.mjs";
import { summarize } from "../support/statistics.mjs";

const PART = "semantic-hit";

/** @param {import("../support/effort.mjs").Effort} effort @returns {Promise<import("../support/table.mjs").Figure[]>} */
export async function measureSemanticHit({ samples, nodeOptions = [] }) {
  const provider = await Child.start("provider-server.mjs", {});
  const semcache = await Child.start("semcache-server.mjs", { providerPort: provider.port }, nodeOptions);
  const log = new LogReader(semcache);
  const connection = await Connection.open(semcache.port);
  const hits = [];
  let others = 0;
  try {
    // The first requests find code that is not compiled yet: a server has seen more than a few.
    const warmUp = Math.max(paraphrases.length, samples);
    for (let number = 0; number < warmUp + samples; number++) {
      const [question, inOtherWords] = paraphrases[number % paraphrases.length];
      const namespace = ["x-semcache-namespace", `sample-${number}`];
      await connection.send(toHttpRequest(chatBody({ bytes: 1024, prompt: question }), namespace));
      const request = toHttpRequest(chatBody({ bytes: 1024, prompt: inOtherWords }), namespace);
      const started = performance.now();
      const answer = await connection.send(request);
      const wholeMs = performance.now() - started;
      const { match, lookupMs, ms } = await log.lineOf(answerHeader(answer, "x-semcache-request"));
      if (number < warmUp) continue;
      if (match === "semantic") hits.push({ wholeMs, serverMs: ms, modelsMs: lookupMs.embed + lookupMs.judge });
      else others++;
    }
  } finally {
    connection.close();
    await semcache.stop();
    await provider.stop();
  }
  const figure = (name, values, target = null) => ({ part: PART, name, unit: "ms", ...summarize(values), target });
  return [
    figure(
      "client's time beyond the models",
      hits.map(({ wholeMs, modelsMs }) => wholeMs - modelsMs),
      { atMost: 1 },
    ),
    figure(
      "server's time beyond the models",
      hits.map(({ serverMs, modelsMs }) => serverMs - modelsMs),
      { atMost: 1 },
    ),
    figure(
      "client's whole time",
      hits.map(({ wholeMs }) => wholeMs),
    ),
    figure(
      "of it embedder and verifier",
      hits.map(({ modelsMs }) => modelsMs),
    ),
    { ...figure("paraphrases that were no hit", [others]), unit: "", count: hits.length + others },
  ];
}
