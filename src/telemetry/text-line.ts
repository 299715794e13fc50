const levels: Readonly<Record<string, string>> = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO ",
  warn: "WARN ",
  error: "ERROR",
  fatal: "FATAL",
};

/** One JSON line of the log as one line for people: time, level, message, then `name=value`. */
export function toTextLine(jsonLine: string): string {
  const { time, level, msg, ...fields } = JSON.parse(jsonLine) as Record<string, unknown>;
  let line = `${String(time).slice(11, 23)} ${levels[String(level)] ?? String(level)} ${toValue(msg ?? "", false)}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined) continue;
    line += ` ${name}=${toValue(value, true)}`;
  }
  return `${line}\n`;
}

/** Control characters are escaped: a line break or an escape sequence in a value must not forge a line or colours. */
function toValue(value: unknown, quote: boolean): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const escaped = text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return quote && typeof value === "string" && (escaped === "" || /[\s"=]/.test(escaped))
    ? JSON.stringify(escaped).replaceAll("\\\\u", "\\u")
    : escaped;
}
