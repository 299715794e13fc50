// The worker thread's entry: loads tokenizer and models, then answers one task after the other.
import { parentPort, workerData } from "node:worker_threads";
import { readModelFile } from "./model-file.ts";
import { ModelSession } from "./model-session.ts";
import { RunGate } from "./run-gate.ts";
import { WordPieceTokenizer } from "./word-piece-tokenizer.ts";
import type { WorkerAnswer, WorkerCommand, WorkerReport, WorkerSetup, WorkerTask } from "./worker-message.ts";

if (!parentPort) throw new TypeError("Cannot run inference-worker: it is not a worker thread");
const port = parentPort;

const { models: manifest, gate: gateBuffer } = workerData as WorkerSetup;
const gate = new RunGate(gateBuffer);

interface Models {
  readonly tokenizer: WordPieceTokenizer;
  readonly embedder: ModelSession;
  readonly verifier: ModelSession;
}

async function loadModels(): Promise<Models> {
  const definition = await readModelFile(manifest.folder, manifest.tokenizer);
  const tokenizer = new WordPieceTokenizer(JSON.parse(definition.toString("utf8")));
  const embedder = await ModelSession.open(manifest, "embedder");
  const verifier = await ModelSession.open(manifest, "verifier");
  const models = { tokenizer, embedder, verifier };
  const sample = "How long does it take until both models have run once?";
  await answer({ kind: "embed", id: 0, text: sample }, models);
  await answer({ kind: "score", id: 0, a: sample, b: sample }, models);
  return models;
}

async function answer(task: WorkerTask, { tokenizer, embedder, verifier }: Models): Promise<WorkerAnswer> {
  const { id } = task;
  switch (task.kind) {
    case "embed": {
      const ids = tokenizer.encode(task.text);
      const unknown = ids.reduce((count, token) => (token === tokenizer.unknownId ? count + 1 : count), 0);
      const framed = tokenizer.frame(ids);
      const vector = framed.length > embedder.maxTokens ? null : await embedder.run(framed);
      return { kind: "embedded", id, vector, total: ids.length, unknown };
    }
    case "score": {
      const { tokenTypes } = manifest.verifier;
      const { ids, types } = tokenizer.framePair(tokenizer.encode(task.a), tokenizer.encode(task.b), tokenTypes);
      const output = ids.length > verifier.maxTokens ? null : await verifier.run(ids, types);
      return { kind: "scored", id, logit: output?.[0] ?? null };
    }
    default:
      return task satisfies never;
  }
}

function report(message: WorkerReport): void {
  port.postMessage(
    message,
    message.kind === "embedded" && message.vector ? [message.vector.buffer as ArrayBuffer] : [],
  );
}

try {
  const models = await gate.pass(loadModels);
  // One chain, so that answers keep the order of the tasks.
  let previous = Promise.resolve();
  port.on("message", (command: WorkerCommand) => {
    switch (command.kind) {
      case "embed":
      case "score":
        previous = previous
          .then(() => gate.pass(() => answer(command, models)))
          .catch((error: unknown): WorkerAnswer => ({ kind: "failed", id: command.id, message: String(error) }))
          .then(report);
        return;
      case "close":
        // Without a listener the thread ends by itself, once the model that runs is done.
        port.close();
        return;
      default:
        throw new TypeError(`Cannot do the command: ${JSON.stringify(command satisfies never)}`);
    }
  });
  report({ kind: "warm" });
} catch (error) {
  report({ kind: "unusable", message: error instanceof Error ? error.message : String(error) });
}
