import { createHmac, hash } from "node:crypto";

/**
 * SHA-256 over length-prefixed parts, base64url. The prefix keeps ("ab", "c") and ("a", "bc") apart: without it two
 * different frames could share a key.
 */
export function digestParts(parts: readonly string[]): string {
  let text = "";
  for (const part of parts) text += `${part.length}:${part}`;
  return hash("sha256", text, "base64url");
}

/** HMAC-SHA-256 over length-prefixed parts, base64url. */
export function signParts(secret: Uint8Array, parts: readonly string[]): string {
  const hmac = createHmac("sha256", secret);
  for (const part of parts) hmac.update(`${part.length}:${part}`, "utf8");
  return hmac.digest("base64url");
}
