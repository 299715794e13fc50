/** What callers sent may hold escape sequences, which a terminal would obey, and marks that turn its lines around. */
export function toPlainLine(text: string): string {
  return toPlainText(text).replaceAll(/\s+/g, " ").trim();
}

/** The same with its line breaks and tabs. */
export function toPlainText(text: string): string {
  return text.replaceAll(/[^\P{C}\n\t]/gu, "\uFFFD");
}
