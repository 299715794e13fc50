/**
 * `text` without the characters `last` at its end. In place of `/x+$/`, which tries each run of them anew from each of
 * its characters: 60,000 slashes in a header would hold the event loop for seconds.
 */
export function withoutTrailing(text: string, last: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === last) end--;
  return text.slice(0, end);
}
