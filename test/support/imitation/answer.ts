import type { Fields } from "./body.ts";

/** What the imitation provider is about to send. `parts`: the events of a stream, or one JSON document. */
export interface ProviderAnswer {
  readonly status: number;
  /** Name and value pairs in the order in which they go out; a name may come twice. */
  readonly headers: readonly (readonly [string, string])[];
  readonly parts: readonly Buffer[];
  readonly streamed: boolean;
}

/** Everything that makes two answers to one body different, as at the real providers. */
export interface Call {
  /** 1, 2, 3... over the life of the provider. */
  readonly number: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** `prefix` and an id of `length` characters that no other call of this provider has. */
export function freshId(call: Call, prefix: string, length: number, salt = 0): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  let state = (call.number * 2_654_435_761 + salt * 40_503 + 12_345) >>> 0;
  let text = `${call.number}x${salt}x`;
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += alphabet[state % alphabet.length] ?? "A";
  }
  return prefix + text.slice(0, length);
}

/** Seconds since the epoch, another one for each call. */
export function createdAt(call: Call): number {
  return 1_760_000_000 + call.number;
}

export function jsonAnswer(
  status: number,
  headers: ProviderAnswer["headers"],
  body: Fields,
  indent?: number,
): ProviderAnswer {
  const bytes = Buffer.from(`${JSON.stringify(body, null, indent)}${indent ? "\n" : ""}`);
  return {
    status,
    headers: [["content-type", "application/json"], ...headers],
    parts: [bytes],
    streamed: false,
  };
}

export function streamAnswer(headers: ProviderAnswer["headers"], events: readonly string[]): ProviderAnswer {
  return {
    status: 200,
    headers: [["content-type", "text/event-stream; charset=utf-8"], ["cache-control", "no-cache"], ...headers],
    parts: events.map((event) => Buffer.from(event)),
    streamed: true,
  };
}
