const REST_MS = 250;

let timer: ReturnType<typeof setTimeout> | undefined;

/** Runs what was asked for last, once nothing is typed any more: each letter need not ask the server. */
export function whenTypingRests(act: () => void): void {
  clearTimeout(timer);
  timer = setTimeout(act, REST_MS);
}

/** Fields by their names, without spaces around what was typed. */
export function readForm(form: HTMLFormElement): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from(new FormData(form), ([name, value]) => [name, String(value).trim()]));
}
