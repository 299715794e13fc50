import type { Difference } from "./difference.ts";
import { findHiddenText } from "./hidden-text.ts";

/** Prompts as sent: one with hidden or disguised characters is compared by equality only. */
export function compareHidden(a: string, b: string): readonly Difference[] {
  const inA = findHiddenText(a);
  const inB = findHiddenText(b);
  return inA === null && inB === null ? [] : [{ kind: "hidden-text", a: inA ?? "", b: inB ?? "" }];
}
