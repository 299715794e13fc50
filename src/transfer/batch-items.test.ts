import { describe, expect, it } from "vitest";
import { readLines } from "../base/text-lines.ts";
import { readBatchOutput, readBatchRequest, readRequestsDocument, type BatchKind } from "./batch-items.ts";

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function read(kind: BatchKind, text: string, path = "/v1/chat/completions"): Promise<unknown[]> {
  const find = async (id: string) => (id === "known" ? { path, body: '{"model":"m", "seed":1.0}' } : null);
  const items: unknown[] = [];
  for await (const item of readBatchOutput(kind, readLines(chunks(text), { maxBytes: 1_000 }), find)) {
    items.push(item.kind === "line" ? JSON.parse(item.text) : item);
  }
  return items;
}

const refused = (message: string) => [{ kind: "refused", number: 1, message }];
const skipped = [{ kind: "skipped", number: 1, reason: "status" }];

describe("OpenAI's output", () => {
  it("is joined with its request, both as they were written", async () => {
    const text = '{"custom_id":"known","response":{"status_code":200,"body":{"id":"a",  "cost":1.0}},"error":null}';
    expect(await read("openai-batch", text)).toEqual([
      {
        semcache_exchange: 1,
        path: "/v1/chat/completions",
        request: '{"model":"m", "seed":1.0}',
        answer: { status: 200, content_type: "application/json", text: '{"id":"a",  "cost":1.0}' },
      },
    ]);
  });

  it.each<[string, unknown[]]>([
    ['{"custom_id":"known","response":null,"error":{"code":"batch_expired"}}', skipped],
    [
      '{"custom_id":"other","response":{"status_code":200,"body":{}}}',
      refused('custom_id: "other" is not among the requests'),
    ],
    ['{"response":{"status_code":200,"body":{}}}', refused("it has no custom_id")],
    ['{"custom_id":7,"response":null}', refused("it has no custom_id")],
    ['{"custom_id":"known"}', refused("it has no response")],
    ['{"custom_id":"known","response":{"body":{}}}', refused("response.status_code is not a number")],
    ['{"custom_id":"known","response":{"status_code":200,"body":"x"}}', refused("response.body is not an object")],
    ["[]", refused("it is not a JSON object")],
    ["{", refused("it is not a JSON object")],
  ])("%s", async (text, expected) => {
    expect(await read("openai-batch", text)).toEqual(expected);
  });

  it("of another API is refused", async () => {
    const text = '{"custom_id":"known","response":{"status_code":200,"body":{}}}';
    expect(await read("openai-batch", text, "/v1/embeddings")).toEqual(
      refused('url: "/v1/embeddings" of the request is not /v1/chat/completions or /v1/messages'),
    );
  });
});

describe("Anthropic's results", () => {
  it("are joined with their requests, and only those that succeeded", async () => {
    const text = '{"custom_id":"known","result":{"type":"succeeded","message":{"id":"m", "n":1.0}}}';
    expect(await read("anthropic-batch", text, "/v1/messages")).toMatchObject([
      { path: "/v1/messages", answer: { status: 200, text: '{"id":"m", "n":1.0}' } },
    ]);
    for (const type of ["errored", "canceled", "expired"]) {
      expect(await read("anthropic-batch", `{"custom_id":"known","result":{"type":"${type}"}}`)).toEqual(skipped);
    }
    expect(await read("anthropic-batch", '{"custom_id":"known"}')).toEqual(refused("it has no result"));
    expect(await read("anthropic-batch", '{"custom_id":"known","result":{"type":"succeeded"}}')).toEqual(
      refused("result.message is not an object"),
    );
  });
});

describe("requests", () => {
  it("are read as they were written", () => {
    expect(
      readBatchRequest("openai-batch", '{"custom_id":"a","method":"POST","url":"/v1/x","body":{ "n":1.0}}'),
    ).toEqual({
      customId: "a",
      request: { path: "/v1/x", body: '{ "n":1.0}' },
    });
    expect(readBatchRequest("anthropic-batch", '{"custom_id":"a","params":{ "n":1.0}}')).toEqual({
      customId: "a",
      request: { path: "/v1/messages", body: '{ "n":1.0}' },
    });
    expect(readRequestsDocument('{"requests": [ {"custom_id":"a"}, {"b":1.0} ]}')).toEqual([
      '{"custom_id":"a"}',
      '{"b":1.0}',
    ]);
    expect(readRequestsDocument("[]")).toBeNull();
  });

  it.each<[BatchKind, string, string]>([
    ["openai-batch", "{", "it is not a JSON object"],
    ["openai-batch", '{"body":{}}', "it has no custom_id"],
    ["openai-batch", '{"custom_id":"a","url":"/"}', "it has no body"],
    ["openai-batch", '{"custom_id":"a","body":{}}', "it has no url"],
    ["anthropic-batch", '{"custom_id":"a","body":{}}', "it has no params"],
  ])("of %s: %s is refused", (kind, text, message) => {
    expect(readBatchRequest(kind, text)).toBe(message);
  });
});
