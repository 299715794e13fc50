/** A row: what it is about, and its figures. */
export type FigureRow = readonly [name: string, ...figures: readonly string[]];

/** A table of figures, under its caption or in a region that scrolls by itself, also from the keyboard. */
export function Figures({
  label,
  caption,
  head,
  rows,
  explain,
}: {
  readonly label?: string;
  readonly caption?: string;
  readonly head?: readonly string[];
  readonly rows: readonly FigureRow[];
  readonly explain?: (name: string) => string;
}) {
  const table = (
    <table class="figures">
      {caption && <caption>{caption}</caption>}
      {head && (
        <thead>
          <tr>
            {head.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
      )}
      <tbody>
        {rows.map(([name, ...figures], row) => (
          <tr key={row} title={explain?.(name)}>
            <th scope="row">{name}</th>
            {figures.map((figure, at) => (
              <td key={at}>{figure}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
  if (!label) return table;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      {table}
    </div>
  );
}
