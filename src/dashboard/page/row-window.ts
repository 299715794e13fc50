/** Rows beyond the edges, so that a short scroll shows no gap. */
const OVERSCAN = 8;

export interface RowWindow {
  /** The first row to draw. */
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

/** Which of many rows of one height are worth having in the page. All lengths in CSS pixels. */
export function toRowWindow(view: {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly rows: number;
}): RowWindow {
  const { scrollTop, height, rowHeight, rows } = view;
  const first = Math.max(0, Math.min(rows, Math.floor(scrollTop / rowHeight) - OVERSCAN));
  return { first, end: Math.max(first, Math.min(rows, Math.ceil((scrollTop + height) / rowHeight) + OVERSCAN)) };
}

/** Where to scroll so that the row is in full view; where it is already, nothing moves. */
export function scrollTopFor(
  row: number,
  view: { readonly scrollTop: number; readonly height: number; readonly rowHeight: number },
): number {
  const top = row * view.rowHeight;
  if (top < view.scrollTop) return top;
  return Math.max(view.scrollTop, top + view.rowHeight - view.height);
}
