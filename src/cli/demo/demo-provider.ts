import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { demoAnswers } from "./demo-prompts.ts";

/** How long the imitation thinks, in milliseconds: short for a real model, long enough to see what a hit saves. */
const THINKING_MS = 400;

export interface DemoProvider {
  readonly url: string;
  readonly calls: () => number;
  close(): Promise<void>;
}

/** An imitation of OpenAI's chat completions on loopback, for the demo only: no key, no network. */
export async function startDemoProvider(): Promise<DemoProvider> {
  let calls = 0;
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    calls++;
    const asked = readRequest(Buffer.concat(chunks).toString("utf8"));
    setTimeout(() => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(toCompletion(asked)));
    }, THINKING_MS);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

interface Asked {
  readonly model: string;
  readonly prompt: string;
}

function readRequest(body: string): Asked {
  try {
    const { model, messages } = JSON.parse(body) as { model: string; messages: { content: string }[] };
    return { model, prompt: messages.at(-1)?.content ?? "" };
  } catch {
    return { model: "", prompt: "" };
  }
}

/** It answers in the name of whatever model was asked, and counts a token for four characters. */
function toCompletion({ model, prompt }: Asked) {
  const content = demoAnswers.find(([pattern]) => pattern.test(prompt))?.[1] ?? `You asked: ${prompt}`;
  const promptTokens = Math.ceil(prompt.length / 4);
  const completionTokens = Math.ceil(content.length / 4);
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}
