import type { Mark } from "../desk-api.ts";

/** Text with its differing words marked. Always text, whatever is in it. */
export function MarkedText({ text, marks }: { readonly text: string; readonly marks: readonly Mark[] }) {
  let at = 0;
  const pieces = marks.flatMap(([start, end, why]) => {
    const before = text.slice(at, start);
    at = end;
    return [
      before,
      <mark key={start} class={why} title={why === "guard" ? "A difference that the guard found" : "Differs"}>
        {text.slice(start, end)}
      </mark>,
    ];
  });
  return (
    <p class="prompt-text" dir="auto">
      {pieces}
      {text.slice(at)}
    </p>
  );
}
