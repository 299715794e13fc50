import type { JsonValue } from "../base/json.ts";
import type { LoggedRequest, ReadLine } from "./logged-request.ts";

export function one(request: LoggedRequest): ReadLine {
  return { kind: "requests", requests: [request] };
}

export function skipped(why: string): ReadLine {
  return { kind: "skipped", why };
}

export function unreadable(why: string): ReadLine {
  return { kind: "unreadable", why };
}

/** Null: no text, or an empty one. */
export function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
