/** What must never be in a line of the log: credentials in headers, in query parameters, and as they look in messages. */
const secretNames = new Set([
  "authorization",
  "proxy-authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
  "set-cookie",
  "key",
  "api_key",
  "apikey",
  "token",
  "admin_token",
  "admintoken",
  "access_token",
  "tenant_secret",
  "tenantsecret",
  "password",
  "secret",
]);

/** Of a header, a member or a query parameter, in any case. */
export function isSecretName(name: string): boolean {
  return secretNames.has(name.toLowerCase());
}

const HIDDEN = "[redacted]";
/** Deeper values are not part of any line of ours. */
const MAX_DEPTH = 6;

const patterns: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Query parameters, also in a URL inside a message, also percent-encoded in another one's value.
  [/([?&;/\s"']|%26|%3F|^)((?:x-)?api[_-]?key|key|access_token|token)(=|%3D)[^&\s"'#;]*/gi, `$1$2$3${HIDDEN}`],
  [/\b(bearer|basic)\s+[\w\-.~+/=:]+/gi, `$1 ${HIDDEN}`],
  // Header lines inside a message.
  [
    /\b((?:proxy-)?authorization|x-api-key|api-key|x-goog-api-key)(["']?\s*[:=]\s*["']?)(?!\s)[^\s"',}]+/gi,
    `$1$2${HIDDEN}`,
  ],
  [/\b((?:set-)?cookie\s*:\s*)[^\r\n"}]+/gi, `$1${HIDDEN}`],
  // Keys as the big providers shape them.
  [/\b(?:sk|pk|rk|gsk|xai|hf)[-_][\w-]{12,}/g, HIDDEN],
  [/\bAIza[\w-]{20,}/g, HIDDEN],
  // User and password of a URL.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, `$1${HIDDEN}@`],
];

/** Most texts have nothing of the kind: one look instead of seven. */
const suspicious = /[=@]|%3d|bearer|basic|authorization|api-key|cookie|sk[-_]|pk[-_]|rk[-_]|gsk|xai|hf_|hf-|AIza/i;

export function redactText(text: string): string {
  if (!suspicious.test(text)) return text;
  let result = text;
  for (const [pattern, replacement] of patterns) result = result.replace(pattern, replacement);
  return result;
}

/** A copy in which members with a secret name are hidden and all texts are redacted; errors become plain objects. */
export function redactFields(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : value;
  if (depth >= MAX_DEPTH) return "[deep]";
  if (value instanceof Error) {
    const { code } = value as { code?: unknown };
    return {
      name: value.name,
      message: redactText(value.message),
      ...(typeof code === "string" ? { code } : {}),
      ...(value.stack ? { stack: redactText(value.stack) } : {}),
      ...(value.cause === undefined ? {} : { cause: redactFields(value.cause, depth + 1) }),
    };
  }
  if (value instanceof URL) return redactText(value.href);
  if (Array.isArray(value)) return value.map((item) => redactFields(item, depth + 1));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isSecretName(name) && member !== null && member !== undefined ? HIDDEN : redactFields(member, depth + 1),
    ]),
  );
}
