import type { ModelManifest } from "./model-manifest.ts";

/** What a worker is started with. */
export interface WorkerSetup {
  readonly models: ModelManifest;
  /** Of the `RunGate`. */
  readonly gate: SharedArrayBuffer;
}

/** One text or pair for a worker; answered by {@link WorkerAnswer} with the same id, in order. */
export type WorkerTask =
  | { readonly kind: "embed"; readonly id: number; readonly text: string }
  | { readonly kind: "score"; readonly id: number; readonly a: string; readonly b: string };

/** `close`: end, without the tasks that have not begun. */
export type WorkerCommand = WorkerTask | { readonly kind: "close" };

export type WorkerAnswer =
  | {
      readonly kind: "embedded";
      readonly id: number;
      /** Its buffer is transferred, not copied. */
      readonly vector: Float32Array | null;
      readonly total: number;
      readonly unknown: number;
    }
  | { readonly kind: "scored"; readonly id: number; readonly logit: number | null }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };

export type WorkerReport =
  | WorkerAnswer
  /** Both models have run once. */
  | { readonly kind: "warm" }
  /** The models cannot be loaded; the worker ends. */
  | { readonly kind: "unusable"; readonly message: string };
