import type { ComponentChildren } from "preact";

/** What did not work, and what can be done; nothing where all did. */
export function FaultNotice({
  text,
  children,
}: {
  readonly text: string | null;
  readonly children?: ComponentChildren;
}) {
  if (!text) return null;
  return (
    <p role="alert" class="notice failed">
      {text}
      {children}
    </p>
  );
}
