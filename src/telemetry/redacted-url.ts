import { isSecretName, redactText } from "./redaction.ts";

/**
 * A URL as it may be printed: without user and password, and with the values of secret parameters hidden; one that has none of
 * them stays as it was written. Of what is no URL, all that may have been meant as user and password is hidden.
 */
export function redactUrl(text: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
  // A model may be called "name@date".
  if (url === null) return /[:/]/.test(text) ? redactText(text.replace(userInfo, "$1[redacted]@")) : redactText(text);
  const secrets = new Set([...url.searchParams.keys()].filter(isSecretName));
  if (url.username === "" && url.password === "" && secrets.size === 0) return text;
  url.username = "";
  url.password = "";
  for (const name of secrets) url.searchParams.set(name, "hidden");
  return url.href;
}

/** To the last @: where a password ends is a guess in what cannot be read. */
const userInfo = /^([a-z][a-z0-9+.-]*:\/\/)?.*@/is;
