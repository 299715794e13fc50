import { InferenceSession, Tensor } from "onnxruntime-node";
import { SemcacheError } from "../base/errors.ts";
import { readModelFile } from "./model-file.ts";
import type { ModelManifest } from "./model-manifest.ts";

/**
 * One model, run one sequence at a time and unpadded: dynamic int8 takes its scales from the whole input tensor, so
 * a neighbour in a batch, or padding, would change a text's numbers (docs/decisions/2026-11-22-batching-and-determinism.md).
 */
export class ModelSession {
  readonly #session: InferenceSession;
  readonly #output: string;
  readonly #takesTypes: boolean;
  readonly maxTokens: number;
  readonly dimensions: number;

  private constructor(
    session: InferenceSession,
    spec: { output: string; inputs: readonly string[]; maxTokens: number; dimensions: number },
  ) {
    this.#session = session;
    this.#output = spec.output;
    this.#takesTypes = spec.inputs.includes("token_type_ids");
    this.maxTokens = spec.maxTokens;
    this.dimensions = spec.dimensions;
  }

  /** @throws {SemcacheError} `model-unusable` */
  static async open(manifest: ModelManifest, role: "embedder" | "verifier"): Promise<ModelSession> {
    const spec = manifest[role];
    const bytes = await readModelFile(manifest.folder, spec);
    let session: InferenceSession;
    try {
      session = await InferenceSession.create(bytes, {
        // One thread per worker: the pool is what runs in parallel.
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: "sequential",
        graphOptimizationLevel: "all",
        // The arena never gives memory back, and saves no time on single short sequences.
        enableCpuMemArena: false,
        logSeverityLevel: 3,
      });
    } catch (cause) {
      const state = cause instanceof Error ? cause.message : String(cause);
      throw new SemcacheError("model-unusable", `Cannot load the model ${spec.name}: ${state}`, { cause });
    }
    const inputs = session.inputNames.toSorted().join(", ");
    if (inputs !== spec.inputs.toSorted().join(", ") || !session.outputNames.includes(spec.output))
      throw new SemcacheError(
        "model-unusable",
        `Cannot use the model ${spec.name}: it takes ${inputs} and gives ${session.outputNames.join(", ")}`,
      );
    return new ModelSession(session, spec);
  }

  /** @param types the token type of each id; all 0 without. */
  async run(ids: readonly number[], types?: readonly number[]): Promise<Float32Array> {
    const shape = [1, ids.length];
    const feeds: Record<string, Tensor> = {
      input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
    };
    if (this.#takesTypes)
      feeds["token_type_ids"] = new Tensor(
        "int64",
        types ? BigInt64Array.from(types, BigInt) : new BigInt64Array(ids.length),
        shape,
      );
    const data = (await this.#session.run(feeds))[this.#output]?.data;
    if (!(data instanceof Float32Array) || data.length !== this.dimensions || !data.every(Number.isFinite))
      throw new SemcacheError(
        "inference-failed",
        `Cannot use the model's output: ${data?.length} values, not all finite`,
      );
    // A copy: the tensor's memory belongs to the engine, and only our own buffer can be transferred.
    return data.slice();
  }
}
