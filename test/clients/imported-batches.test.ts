import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/command.ts";
import { collect } from "./collect.ts";
import { connect, useSemcache } from "./set-up.ts";

const setUp = useSemcache();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "semcache-batches-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function write(name: string, lines: readonly unknown[]): Promise<string> {
  const path = join(folder, `${randomUUID()}-${name}`);
  await writeFile(path, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
  return path;
}

describe("a batch of OpenAI's", () => {
  const ask = (prompt: string, changes: object = {}) => ({
    model: "gpt-4o",
    temperature: 0.5,
    messages: [
      { role: "system" as const, content: "You answer briefly." },
      { role: "user" as const, content: prompt },
    ],
    ...changes,
  });
  const completion = (text: string, finish = "stop") => ({
    id: `chatcmpl-${randomUUID()}`,
    object: "chat.completion",
    created: 1_760_000_000,
    model: "gpt-4o-2024-08-06",
    choices: [
      { index: 0, message: { role: "assistant", content: text, refusal: null }, logprobs: null, finish_reason: finish },
    ],
    usage: { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 },
  });
  const request = (id: string, body: object, url = "/v1/chat/completions") => ({
    custom_id: id,
    method: "POST",
    url,
    body,
  });
  const output = (id: string, body: object, status = 200) => ({
    id: `batch_req_${id}`,
    custom_id: id,
    response: { status_code: status, request_id: "r", body },
    error: null,
  });

  it("answers the same requests, and those that mean the same, of the client whose batch it was", async () => {
    const { provider, semcache } = setUp();
    const requests = await write("requests.jsonl", [
      request("capital", ask("What is the capital of France?")),
      request("password", ask("How do I reset my password?")),
      request("cut", ask("What is filtered?")),
      request("failed", ask("What fails?")),
      request("vector", { model: "text-embedding-3-small", input: "x" }, "/v1/embeddings"),
      request("expired", ask("What expired?")),
    ]);
    const outputs = await write("output.jsonl", [
      output("password", completion("Click the link.")),
      output("capital", completion("Paris.")),
      output("cut", completion("Fil", "content_filter")),
      output("failed", { error: { message: "no" } }, 500),
      output("vector", { object: "list", data: [] }),
      { id: "x", custom_id: "expired", response: null, error: { code: "batch_expired", message: "late" } },
      output("unknown", completion("?")),
    ]);
    const { connection, seen } = connect(semcache.url, provider.url);
    const namespace = String(connection.headers["x-semcache-namespace"]);
    const imported = await run(
      ["entries", "import", outputs, "--requests", requests, "--url", semcache.url, "--json"].concat([
        "--credential-env",
        "OPENAI_API_KEY",
        "--namespace",
        namespace,
        "--tags",
        "batch",
      ]),
      { env: { OPENAI_API_KEY: "sk-batch" } },
    );
    expect(JSON.parse(imported.stdout)).toEqual({
      lines: 7,
      stored: 2,
      skipped: { status: 2, "finish-reason": 1 },
      refused: 2,
      faults: [
        { line: 5, message: 'url: "/v1/embeddings" of the request is not /v1/chat/completions or /v1/messages' },
        { line: 7, message: 'custom_id: "unknown" is not among the requests' },
      ],
    });
    expect(imported.code).toBe(1);

    const before = provider.requests.length;
    const openai = new OpenAI({ apiKey: "sk-batch", baseURL: `${semcache.url}/v1`, fetch: connection.fetch });
    const same = await openai.chat.completions.create(ask("What is the capital of France?"));
    expect(same.choices[0]?.message.content).toBe("Paris.");
    expect(same.usage?.total_tokens).toBe(25);
    const alike = await openai.chat.completions.create(ask("How can I reset my password?"));
    expect(alike.choices[0]?.message.content).toBe("Click the link.");
    const streamed = await collect(
      await openai.chat.completions.create({ ...ask("What is the capital of France?"), stream: true }),
    );
    expect(streamed.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Paris.");
    expect(seen.map(({ cacheStatus, match }) => [cacheStatus, match])).toEqual([
      ["hit", "exact"],
      ["hit", "semantic"],
      ["hit", "exact"],
    ]);
    expect(provider.requests.length).toBe(before);

    // Near misses: another question, another frame, another caller.
    const stranger = new OpenAI({ apiKey: "sk-other", baseURL: `${semcache.url}/v1`, fetch: connection.fetch });
    await openai.chat.completions.create(ask("What is the capital of Spain?"));
    await openai.chat.completions.create(ask("What is the capital of France?", { temperature: 0.6 }));
    await stranger.chat.completions.create(ask("What is the capital of France?"));
    expect(seen.slice(3).map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "miss", "miss"]);
    expect(provider.requests.length).toBe(before + 3);
  });

  it("keeps the numbers of an answer as they were written", async () => {
    const { provider, semcache } = setUp();
    const question = ask("What is one, with a point?");
    const text = JSON.stringify(completion("1.0")).replace('"created":1760000000', '"created":1760000000,"x_cost":1.0');
    const requests = await write("requests.jsonl", [request("one", question)]);
    const outputs = await write("output.jsonl", [
      `{"custom_id": "one", "response": {"status_code": 200, "body": ${text}}, "error": null}`,
    ]);
    const { connection } = connect(semcache.url, provider.url);
    const namespace = String(connection.headers["x-semcache-namespace"]);
    const { code } = await run(
      ["entries", "import", outputs, "--requests", requests, "--url", semcache.url, "--namespace", namespace],
      {},
    );
    expect(code).toBe(0);
    const answer = await fetch(`${semcache.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-semcache-namespace": namespace },
      body: JSON.stringify(question),
    });
    expect(answer.headers.get("x-cache-status")).toBe("hit");
    expect(await answer.text()).toBe(text);
  });
});

describe("a batch of Anthropic's", () => {
  const ask = (prompt: string) => ({
    model: "claude-sonnet-5-5",
    max_tokens: 256,
    system: "You answer briefly.",
    messages: [{ role: "user" as const, content: prompt }],
  });
  const message = (text: string) => ({
    id: `msg_${randomUUID()}`,
    type: "message",
    role: "assistant",
    model: "claude-sonnet-5-5",
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 20, output_tokens: 5 },
  });
  const results = [
    { custom_id: "password", result: { type: "succeeded", message: message("Click the link.") } },
    { custom_id: "capital", result: { type: "succeeded", message: message("Paris.") } },
    { custom_id: "wrong", result: { type: "errored", error: { type: "error" } } },
    { custom_id: "late", result: { type: "expired" } },
  ];
  const requests = [
    { custom_id: "capital", params: ask("What is the capital of France?") },
    { custom_id: "password", params: ask("How do I reset my password?") },
    { custom_id: "wrong", params: ask("What is wrong?") },
    { custom_id: "late", params: ask("What is late?") },
  ];

  it.each<[string, readonly string[]]>([
    ["lines", requests.map((request) => JSON.stringify(request))],
    ["the document that the API takes", [JSON.stringify({ requests })]],
    ["the same document, indented", [JSON.stringify({ requests }, null, 2)]],
  ])("answers the client's own library, with the requests as %s", async (_form, written) => {
    const { provider, semcache } = setUp();
    const { connection, seen } = connect(semcache.url, provider.url);
    // Libraries differ in how they send the credential, and in the version of the API that they speak.
    const first = new Anthropic({ apiKey: "sk-ant-batch", baseURL: semcache.url, fetch: connection.fetch });
    await first.messages.create(ask("Which headers do you send?"));
    const sent = provider.requests.at(-1)?.headers ?? {};
    const credential = sent["x-api-key"] === undefined ? "authorization" : "x-api-key";
    const imported = await run(
      [
        "entries",
        "import",
        await write("results.jsonl", results),
        "--url",
        semcache.url,
        "--json",
        "--requests",
        await write("requests", written),
        "--credential-env",
        "ANTHROPIC_API_KEY",
        "--namespace",
        String(connection.headers["x-semcache-namespace"]),
        "--credential-header",
        credential,
        "--header",
        `anthropic-version: ${sent["anthropic-version"]}`,
      ],
      { env: { ANTHROPIC_API_KEY: "sk-ant-batch" } },
    );
    expect([imported.code, imported.stderr.split("\n")[0]]).toEqual([0, expect.stringContaining("stored 2 entries")]);
    expect(JSON.parse(imported.stdout)).toMatchObject({ lines: 4, stored: 2, skipped: { status: 2 }, refused: 0 });
    const before = provider.requests.length;
    const anthropic = new Anthropic({ apiKey: "sk-ant-batch", baseURL: semcache.url, fetch: connection.fetch });
    const same = await anthropic.messages.create(ask("What is the capital of France?"));
    expect(same.content).toMatchObject([{ type: "text", text: "Paris." }]);
    const streamed = await anthropic.messages.stream(ask("How can I reset my password?")).finalMessage();
    expect(streamed.content).toMatchObject([{ type: "text", text: "Click the link." }]);
    expect(seen.slice(1).map(({ cacheStatus, match }) => [cacheStatus, match])).toEqual([
      ["hit", "exact"],
      ["hit", "semantic"],
    ]);
    expect(provider.requests.length).toBe(before);
    await new Anthropic({ apiKey: "sk-ant-other", baseURL: semcache.url, fetch: connection.fetch }).messages.create(
      ask("What is the capital of France?"),
    );
    expect(seen.at(-1)?.cacheStatus).toBe("miss");
  });
});
