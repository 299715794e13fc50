/** A place in columns, reused when what stood there has left. */
export type Slot = number;
