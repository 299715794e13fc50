import { redactText } from "./redaction.ts";

/** What callers choose freely may be as long as a body. */
const MAX_TEXT = 200;

/** Without what follows a question mark, which may hold a key. */
export function redactPath(path: string): string {
  const query = path.indexOf("?");
  return redactName(query < 0 ? path : path.slice(0, query));
}

const MAX_REMEMBERED = 256;
const redactedNames = new Map<string, string>();

/** The same few paths, models, namespaces and providers come again and again: each is looked through once. */
export function redactName(name: string): string {
  const known = redactedNames.get(name);
  if (known !== undefined) return known;
  const redacted = redactText(shorten(name));
  if (redactedNames.size >= MAX_REMEMBERED) redactedNames.clear();
  if (name.length <= MAX_TEXT) redactedNames.set(name, redacted);
  return redacted;
}

function shorten(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT).toWellFormed()}…`;
}
