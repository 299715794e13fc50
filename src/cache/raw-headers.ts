/**
 * All values of a header, in the order in which they were sent; `name` in lower case. From node's `rawHeaders` (names
 * and values in turn), because node's joined form drops second lines of some headers (`authorization`), which the
 * provider would still see.
 */
export function headerValues(rawHeaders: readonly string[], name: string): readonly string[] {
  let values: string[] | null = null;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] as string;
    // Most names differ in length already, which saves the lower-casing.
    if (sent.length === name.length && sent.toLowerCase() === name)
      (values ??= []).push(rawHeaders[index + 1] as string);
  }
  return values ?? NONE;
}

const NONE: readonly string[] = [];
