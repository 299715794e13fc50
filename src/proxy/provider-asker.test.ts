import { expect, test } from "vitest";
import { SemcacheError } from "../base/errors.ts";
import { anthropicMessages } from "../formats/anthropic-messages/anthropic-messages.ts";
import type { Dialect } from "../formats/dialect.ts";
import { openaiChat } from "../formats/openai-chat/openai-chat.ts";
import type { Usage } from "../model/answer.ts";
import { untracedRequest } from "../telemetry/tracing/tracing.ts";
import type { UpstreamHandler } from "../upstream/upstream-client.ts";
import type { UnderstoodRequest } from "./cached-request.ts";
import type { Exchange } from "./exchange.ts";
import { createProviderAsker } from "./provider-asker.ts";

const exchange = {
  id: "request",
  request: { method: "POST", rawHeaders: [], headers: {} },
  body: { kind: "whole", bytes: Buffer.from("{}") },
  trace: untracedRequest,
} as unknown as Exchange;

/** Asks a provider that does this, and gives what was told of its answer. */
async function asked(dialect: Dialect, maxEntryBytes: number, provider: (handler: UpstreamHandler) => void) {
  const told: { readonly model: string | null; readonly usage: Usage | null }[] = [];
  const ask = createProviderAsker({
    upstream: {
      call(_, handler) {
        queueMicrotask(() => provider(handler));
        return { pause: () => undefined, resume: () => undefined, abort: () => undefined };
      },
    },
    settings: { varyHeaders: [], tenantHeader: null, maxEntryBytes },
    onAnswer: (answer) => told.push(answer),
  });
  const understood = {
    dialect,
    request: { model: "m", form: { shape: "json", includeUsage: false } },
    target: { url: new URL("https://api.example.com/v1"), requestTarget: "/", kind: "openai" },
  } as unknown as UnderstoodRequest;
  const work = untracedRequest.background("audit");
  const answer = await ask(exchange, understood, work, new AbortController().signal);
  return { isKept: answer !== null, told };
}

const head = (status: number, contentType: string) => ({
  status,
  statusText: "",
  rawHeaders: ["content-type", contentType],
});
const chat = (finish_reason: string) =>
  Buffer.from(
    JSON.stringify({
      choices: [{ index: 0, message: { role: "assistant", content: "Paris" }, finish_reason }],
      usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
    }),
  );
const counted = [{ model: "m", usage: { inputTokens: 7, outputTokens: 5 } }];

function whole(status: number, body: Buffer) {
  return (handler: UpstreamHandler) => {
    handler.onHeaders(head(status, "application/json"));
    handler.onData(body);
    handler.onEnd();
  };
}

test.each<readonly [string, string, number, boolean]>([
  ["that is kept", "stop", 10_000, true],
  ["that is refused", "an_unknown_reason", 10_000, false],
  ["that is too large", "stop", 50, false],
])("an answer %s is told with what it cost", async (_, reason, maxBytes, isKept) => {
  const result = await asked(openaiChat, maxBytes, whole(200, chat(reason)));
  expect(result).toMatchObject({ isKept, told: counted });
});

test("a stream that breaks off has cost what it had counted", async () => {
  const start = { type: "message_start", message: { usage: { input_tokens: 7, output_tokens: 1 } } };
  const delta = { type: "message_delta", delta: {}, usage: { input_tokens: null, output_tokens: 5 } };
  const result = await asked(anthropicMessages, 10_000, (handler) => {
    handler.onHeaders(head(200, "text/event-stream"));
    for (const event of [start, delta]) {
      handler.onData(Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
    }
    handler.onError(new SemcacheError("upstream-broken", "Cannot read the answer: a test"));
  });
  expect(result).toMatchObject({ isKept: false, told: counted });
});

test.each([
  ["an error", whole(429, chat("stop"))],
  ["an error inside an answer", whole(200, Buffer.from('{"error":{"message":"no"}}'))],
  [
    "no answer",
    (handler: UpstreamHandler) => handler.onError(new SemcacheError("upstream-unreachable", "Cannot connect: a test")),
  ],
])("%s cost nothing", async (_, provider) => {
  expect(await asked(openaiChat, 10_000, provider)).toEqual({ isKept: false, told: [] });
});
