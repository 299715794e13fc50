/** What the main thread asks of the worker with the graphs. All typed arrays are transferred. */
export type GraphCommand =
  | {
      readonly kind: "open";
      readonly graph: number;
      readonly dimensions: number;
      /** Restored, if it is there. */
      readonly snapshotPath: string | null;
    }
  | {
      readonly kind: "change";
      readonly graph: number;
      /** In order: an id to add, with the next row of `vectors`, or -id - 1 to remove. */
      readonly changes: Float64Array<ArrayBuffer>;
      readonly vectors: Int8Array<ArrayBuffer>;
    }
  | {
      readonly kind: "search";
      readonly graph: number;
      readonly request: number;
      readonly query: Int8Array<ArrayBuffer>;
      readonly k: number;
    }
  | { readonly kind: "save"; readonly graph: number; readonly request: number; readonly path: string }
  | { readonly kind: "close"; readonly graph: number }
  | { readonly kind: "end" };

export type GraphReport =
  /** usearch cannot be loaded: nothing will ever work. */
  | { readonly kind: "unusable"; readonly message: string }
  | {
      readonly kind: "opened";
      readonly graph: number;
      /** What the snapshot held, ascending. */
      readonly ids: Float64Array<ArrayBuffer>;
      /** Why a snapshot that was there was not taken. */
      readonly problem: string | null;
    }
  | {
      readonly kind: "found";
      readonly graph: number;
      readonly request: number;
      readonly ids: Float64Array<ArrayBuffer>;
    }
  | {
      readonly kind: "saved";
      readonly graph: number;
      readonly request: number;
      /** Vectors that the graph had not absorbed, and that the snapshot lacks therefore. */
      readonly waiting: number;
    }
  | { readonly kind: "failed"; readonly graph: number; readonly request: number; readonly message: string }
  /** The graph cannot go on and is closed. */
  | { readonly kind: "broken"; readonly graph: number; readonly message: string }
  | ({ readonly kind: "progress"; readonly graph: number } & GraphProgress);

export interface GraphProgress {
  /** Changes that were taken over, since the graph was opened. */
  readonly applied: number;
  /** Vectors in the tail. */
  readonly waiting: number;
  /** Nodes of the graph, free ones included. */
  readonly nodes: number;
}
