import type { Difference } from "./difference.ts";

/** Signs of code in a line. */
const CODE = /[=#{}<>;]|\w\(|^\s*(?:def|class|for|if|else|elif|while|return|import|print)\b/;

/**
 * Line breaks and indentation of code, in prompts as sent: a comment with code on the next line, or one line that is all
 * comment. To the verifier white space is all the same.
 */
export function compareLayout(a: string, b: string): readonly Difference[] {
  if (!/[\n\r]/.test(a) && !/[\n\r]/.test(b)) return [];
  const [onlyA, onlyB] = [missing(a, b), missing(b, a)];
  if (![...onlyA, ...onlyB].some((line) => CODE.test(line)) || withoutSpace(onlyA) !== withoutSpace(onlyB)) return [];
  return [{ kind: "code-value", a: onlyA.join("; "), b: onlyB.join("; ") }];
}

function missing(one: string, other: string): readonly string[] {
  const known = new Set(toLines(other).map(toKey));
  return toLines(one).filter((line) => !known.has(toKey(line)));
}

function toLines(text: string): readonly string[] {
  return text.trim().split(/\r\n|[\n\r]/);
}

/** A line with its indentation, without the spaces inside. */
function toKey(line: string): string {
  const inside = line.trimStart();
  return line.slice(0, line.length - inside.length) + inside.replace(/\s/g, "");
}

function withoutSpace(lines: readonly string[]): string {
  return lines.join("").replace(/\s/g, "").toLowerCase();
}
