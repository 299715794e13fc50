import { openRaw, rawRequest, type RawAnswer } from "./raw-http.ts";

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface Question {
  readonly method?: string;
  readonly path?: string;
  /** Sent as they are, after content-type. */
  readonly headers?: HeaderList;
  /** An object is sent as JSON. */
  readonly body?: object | string | Uint8Array;
}

export interface Answer extends RawAnswer {
  readonly text: string;
  /** The body as JSON. */
  json(): never;
  /** `x-cache-status`, and after a slash `x-semcache-match` on a hit or `x-semcache-reason` on anything else. */
  readonly outcome: string;
  /** `x-semcache-request`. */
  readonly id: string;
}

/** One request on a connection of its own; nothing is added to it but host, content-type and content-length. */
export async function ask(port: number, question: Question): Promise<Answer> {
  const { method = "POST", path = "/v1/chat/completions", headers = [], body } = question;
  const isJson = typeof body === "object" && !(body instanceof Uint8Array);
  const bytes = isJson ? JSON.stringify(body) : (body ?? "");
  const hasType = headers.some(([name]) => name.toLowerCase() === "content-type");
  const all: HeaderList = body === undefined || hasType ? headers : [["content-type", "application/json"], ...headers];
  const connection = await openRaw(port, { patienceMs: 20_000 });
  try {
    await connection.send(rawRequest(method, path, all, bytes));
    return toAnswer(await connection.readAnswer());
  } finally {
    connection.destroy();
  }
}

export function toAnswer(raw: RawAnswer): Answer {
  const detail = raw.header("x-semcache-match") ?? raw.header("x-semcache-reason");
  return {
    ...raw,
    text: raw.body.toString("utf8"),
    json: () => JSON.parse(raw.body.toString("utf8")) as never,
    outcome: [raw.header("x-cache-status") ?? "none", ...(detail === null ? [] : [detail])].join("/"),
    id: raw.header("x-semcache-request") ?? "",
  };
}

/** A chat request whose last message is the user's; `changes` win. */
export function chat(prompt: unknown, changes: object = {}): object {
  return { model: "gpt-4o", messages: [{ role: "user", content: prompt }], ...changes };
}

/** The same in Anthropic's format. */
export function message(prompt: unknown, changes: object = {}): object {
  return { model: "claude-sonnet-4-5", max_tokens: 256, messages: [{ role: "user", content: prompt }], ...changes };
}

let namespaces = 0;

/** A namespace that no other test uses: what one test stores answers no other one. */
export function freshNamespace(): readonly [string, string] {
  return ["x-semcache-namespace", `test-${++namespaces}`];
}
