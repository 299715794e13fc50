import { SemcacheError } from "../base/errors.ts";
import type { EmbedOutput, InferenceOptions, TextPair } from "./inference-pool.ts";
import type { QueuedJob } from "./job-queue.ts";

export type JobOutput = EmbedOutput | number | null;
export type JobInput = { readonly kind: "embed"; readonly text: string } | ({ readonly kind: "score" } & TextPair);

/** One call on its way: collects the outputs of its inputs, settles once, listens for the caller's abort. */
export class InferenceJob implements QueuedJob {
  readonly kind: JobInput["kind"];
  readonly queue: "bounded" | "unbounded";
  readonly inputs: readonly JobInput[];
  /** One output per input, in order. */
  readonly result: Promise<readonly JobOutput[]>;
  readonly #outputs: JobOutput[];
  #open: number;
  #settle: { resolve: (outputs: readonly JobOutput[]) => void; reject: (error: SemcacheError) => void } | null = null;

  /** @param onAbort takes the job out of the queue; called before it is rejected. */
  constructor(
    kind: JobInput["kind"],
    inputs: readonly JobInput[],
    { signal, queue = "bounded" }: InferenceOptions,
    onAbort: (job: InferenceJob) => void,
  ) {
    this.kind = kind;
    this.queue = queue;
    this.inputs = inputs;
    this.#outputs = Array.from({ length: inputs.length }, () => null);
    this.#open = inputs.length;
    const abort = (): void => {
      onAbort(this);
      this.fail(abortedError());
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.result = new Promise<readonly JobOutput[]>((resolve, reject) => {
      this.#settle = { resolve, reject };
    }).finally(() => signal?.removeEventListener("abort", abort));
  }

  get size(): number {
    return this.inputs.length;
  }

  put(index: number, output: JobOutput): void {
    this.#outputs[index] = output;
    this.#open--;
    if (this.#open > 0) return;
    this.#settle?.resolve(this.#outputs);
    this.#settle = null;
  }

  /** Later outputs and failures are dropped. */
  fail(error: SemcacheError): void {
    this.#settle?.reject(error);
    this.#settle = null;
  }
}

export function abortedError(): SemcacheError {
  return new SemcacheError("aborted", "Cannot run the models: the caller went away");
}
