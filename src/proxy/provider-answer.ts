import type { RecordedAnswer } from "../model/answer.ts";
import type { UpstreamHead } from "../upstream/upstream-client.ts";
import { decodeBody } from "./decode-body.ts";

export function headerOf({ rawHeaders }: UpstreamHead, name: string): string | null {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) return rawHeaders[index + 1] ?? null;
  }
  return null;
}

export function isSuccess({ status }: UpstreamHead): boolean {
  return status >= 200 && status <= 299;
}

/** What a complete answer of the provider holds, decoded; or why it cannot be read. */
export function toRecordedAnswer(
  head: UpstreamHead,
  body: Buffer,
  maxBytes: number,
): RecordedAnswer | "too-large" | "malformed" {
  const contentType = headerOf(head, "content-type") ?? "";
  const decoded = decodeBody(body, headerOf(head, "content-encoding"), maxBytes);
  if (decoded.kind !== "decoded") return decoded.kind === "too-large" ? "too-large" : "malformed";
  return {
    status: head.status,
    contentType,
    shape: /^text\/event-stream\b/i.test(contentType) ? "stream" : "json",
    body: decoded.body,
    framingComplete: true,
  };
}
