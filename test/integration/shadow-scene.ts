import { ask, chat, type Answer, type HeaderList } from "../support/ask.ts";
import { fixed } from "../support/imitation/faults.ts";
import type { Script } from "../support/imitation/script.ts";
import type { LogLine } from "../support/log-collector.ts";
import type { RunningSemcache } from "../support/semcache.ts";
import type { DeskShadow } from "#semcache/dashboard/desk-api.js";

export const stored = "What is the capital of France?";
/** Matches `stored` by meaning. */
export const asked = "Tell me the capital of France";

/** Longer than the verifier reads: nothing but equality can be told without a judge. */
export const longText =
  "The plan covers hospital stays, outpatient care and most medicines that a doctor prescribes. ".repeat(12);

const json: readonly [string, string] = ["content-type", "application/json"];

/** A provider's message. */
export function says(message: string | object, finishReason = "stop"): Script {
  const said = typeof message === "string" ? { content: message } : message;
  const choice = { index: 0, message: { role: "assistant", ...said }, finish_reason: finishReason };
  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  const body = { id: "1", object: "chat.completion", created: 1, model: "gpt-4o", choices: [choice], usage };
  return fixed({ status: 200, headers: [[...json]], parts: [Buffer.from(JSON.stringify(body))] });
}

/** A judge that gives this verdict, as it was told to. */
export function rules(verdict: string): Script {
  return async (exchange) => {
    await exchange.request.received;
    const { messages } = JSON.parse(exchange.request.body.toString()) as { messages: { content: string }[] };
    const check = /"check":"([^"]+)"/.exec(messages[0]?.content ?? "")?.[1] ?? "";
    await says(JSON.stringify({ check, verdict }))(exchange);
  };
}

export function put(
  semcache: RunningSemcache,
  prompt: string,
  headers: HeaderList,
  changes: object = {},
): Promise<Answer> {
  return ask(semcache.port, { headers, body: chat(prompt, changes) });
}

export async function shadowOf(semcache: RunningSemcache, method: "GET" | "DELETE" = "GET"): Promise<DeskShadow> {
  return (await ask(semcache.port, { method, path: "/semcache/v1/admin/shadow" })).json();
}

/** What the comparison of this request's would-be hit said. */
export function comparisonOf(semcache: RunningSemcache, { id }: Answer): Promise<LogLine> {
  return semcache.log.waitFor(
    (line) => line["request"] === id && /^A hit (?:would|that would)/.test(String(line["msg"])),
  );
}

export async function metricsOf(semcache: RunningSemcache): Promise<string> {
  return (await ask(semcache.port, { method: "GET", path: "/metrics" })).text;
}
