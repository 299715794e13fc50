/** What the main thread asks of the worker with the large indexes. All typed arrays are transferred. */
export type IndexCommand =
  | {
      readonly kind: "open";
      readonly index: number;
      readonly dimensions: number;
      /** Restored, if it is there. */
      readonly snapshotPath: string | null;
    }
  | {
      readonly kind: "change";
      readonly index: number;
      /** In order: an id to add, with the next row of `vectors`, or -id - 1 to remove. */
      readonly changes: Float64Array<ArrayBuffer>;
      readonly vectors: Int8Array<ArrayBuffer>;
    }
  | {
      readonly kind: "search";
      readonly index: number;
      readonly request: number;
      readonly query: Int8Array<ArrayBuffer>;
      readonly k: number;
    }
  | { readonly kind: "save"; readonly index: number; readonly request: number; readonly path: string }
  | { readonly kind: "close"; readonly index: number }
  | { readonly kind: "end" };

export type IndexReport =
  | {
      readonly kind: "opened";
      readonly index: number;
      /** What the snapshot held, ascending. */
      readonly ids: Float64Array<ArrayBuffer>;
      /** Those of them that are in no cell. */
      readonly waiting: number;
      /** Why a snapshot that was there was not taken. */
      readonly problem: string | null;
    }
  | {
      readonly kind: "found";
      readonly index: number;
      readonly request: number;
      readonly ids: Float64Array<ArrayBuffer>;
    }
  | {
      readonly kind: "saved";
      readonly index: number;
      readonly request: number;
      /** Vectors that are in no cell in the snapshot. */
      readonly waiting: number;
    }
  | { readonly kind: "failed"; readonly index: number; readonly request: number; readonly message: string }
  /** The index cannot go on and is closed. */
  | { readonly kind: "broken"; readonly index: number; readonly message: string }
  | ({ readonly kind: "progress"; readonly index: number } & IndexProgress);

export interface IndexProgress {
  /** Changes that were taken over, since the index was opened. */
  readonly applied: number;
  /** Vectors that are in no cell. */
  readonly waiting: number;
  /** Places for vectors, free ones included. */
  readonly keys: number;
}
