import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { answerEarly, fixed, huge, informational, inPieces, raw } from "../support/imitation/faults.ts";
import { rawRequest } from "../support/raw-http.ts";
import { chat, outcomeOf, startScene, watchWarnings, type Headers, type Scene } from "./relay-scene.ts";

let scene: Scene;
const watch = watchWarnings();
beforeAll(async () => {
  scene = await startScene();
});
afterEach(async () => {
  expect((await scene.ask(chat("an ordinary request"))).status).toBe(200);
  expect(scene.semcache.log.lines.filter((line) => line["msg"] === "Unexpected fault")).toEqual([]);
  scene.provider.reset();
});
afterAll(async () => {
  await scene.close();
  watch.stop();
  expect(watch.warnings).toEqual([]);
});

const routes = ["/v1/chat/completions", "/chat/completions", "/v1/messages"];
const json: Headers = [["content-type", "application/json"]];

/** What the provider answers to this body of its own accord, as it is sent by somebody else. */
async function providersAnswer(path: string, body: string | Buffer): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${scene.provider.url}${path === "/chat/completions" ? "/v1/chat/completions" : path}`, {
    method: "POST",
    body,
  });
  return { status: answer.status, text: withoutIds(await answer.text()) };
}

/** Ids and times are fresh for every call. */
const withoutIds = (text: string): string =>
  text.replaceAll(/"created": ?\d+|"(?:request_)?id": ?"[^"]*"|(?:req|msg|fp)_\w+/g, "");

describe("a body that cannot be compared is relayed, and the provider's answer is the client's", () => {
  const deep = `{"messages":[{"role":"user","content":"x"}],"a":${"[".repeat(300)}${"]".repeat(300)}}`;
  test.each<[string, string | Buffer, string]>([
    ["nothing", "", "unreadable-body"],
    ["malformed JSON", '{"messages": [', "unreadable-body"],
    ["a trailing comma", '{"messages": [],}', "unreadable-body"],
    ["two values", '{"messages": []} {}', "unreadable-body"],
    ["a number", "42", "unreadable-body"],
    ["null", "null", "unreadable-body"],
    ["a list", '[{"role":"user","content":"x"}]', "unreadable-body"],
    ["a string", '"messages"', "unreadable-body"],
    ["messages that are no list", '{"messages":{"0":{"role":"user"}}}', "unreadable-body"],
    ["no messages", '{"model":"m"}', "unreadable-body"],
    ["an empty list of messages", '{"messages":[]}', "unreadable-body"],
    ["a byte order mark", '\ufeff{"messages":[{"role":"user","content":"x"}]}', "unreadable-body"],
    [
      "invalid UTF-8",
      Buffer.from("7b226d65737361676573223a5b7b22726f6c65223a2275736572222c22636f6e74656e74223a22ff227d5d7d", "hex"),
      "unreadable-body",
    ],
    ["a lone surrogate", '{"messages":[{"role":"user","content":"\\ud800"}]}', "unreadable-body"],
    ["nesting over 200", deep, "unreadable-body"],
    [
      "an integer that JavaScript cannot hold",
      '{"messages":[{"role":"user","content":"x"}],"seed":9007199254740993}',
      "unreadable-body",
    ],
    ["a form", "messages=x&model=y", "unreadable-body"],
  ])("%s", async (_, body, reason) => {
    for (const path of routes) {
      const expected = await providersAnswer(path, body);
      for (let again = 0; again < 2; again++) {
        const answer = await scene.ask(rawRequest("POST", path, json, body));
        expect(outcomeOf(answer)).toBe(`${expected.status} bypass ${reason}`);
        expect(answer.header("x-semcache-error")).toBeNull();
        expect(withoutIds(answer.body.toString())).toBe(expected.text);
      }
    }
    const sent = scene.provider.requests[0]?.body;
    expect(sent?.equals(Buffer.from(body))).toBe(true);
  });

  test.each(["gzip", "br", "zstd", "rot13"])("a body with the coding %s", async (coding) => {
    const body = Buffer.from([1, 2, 3, 255, 0]);
    const answer = await scene.ask(rawRequest("POST", "/v1/chat/completions", [["content-encoding", coding]], body));
    expect(answer.header("x-semcache-reason")).toBe("encoded-body");
    expect(scene.provider.requests[0]?.body.equals(body)).toBe(true);
    expect(scene.provider.requests[0]?.headers["content-encoding"]).toBe(coding);
  });

  const odd = [
    null,
    true,
    0,
    -1.5,
    "",
    "x",
    [],
    {},
    [null],
    [[]],
    { type: "text" },
    { text: 1 },
    [{ type: "text", text: null }],
    [{ type: "hologram", data: {} }],
    { "": {} },
  ];
  test("messages, roles, contents and fields of any wrong type", async () => {
    const fields = [
      "model",
      "stream",
      "stream_options",
      "tools",
      "tool_choice",
      "temperature",
      "n",
      "logprobs",
      "system",
      "max_tokens",
      "response_format",
      "metadata",
      "web_search_options",
      "modalities",
      "container",
      "thinking",
      "stop",
    ];
    const value = fc.oneof(fc.constantFrom<unknown>(...odd), fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>);
    const message = fc.oneof(
      value,
      fc.record(
        { role: fc.oneof(fc.constantFrom("user", "assistant", "system", "tool", "hologram"), value), content: value },
        { requiredKeys: [] },
      ),
      fc.record({
        role: fc.constant("user"),
        content: fc.array(
          fc.oneof(
            value,
            fc.record(
              { type: fc.constantFrom("text", "image_url", "tool_result"), text: value, cache_control: value },
              { requiredKeys: [] },
            ),
          ),
          { maxLength: 3 },
        ),
      }),
    );
    const body = fc
      .tuple(fc.array(message, { maxLength: 4 }), fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 4 }))
      .map(([messages, rest]) => ({ messages, ...rest }));
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom(...routes), async (given, path) => {
        const text = JSON.stringify(given);
        // The provider's answer is of no interest here, only whose it is.
        scene.provider.script(fixed({ status: 418, headers: [], parts: [Buffer.from(text)] }));
        const answer = await scene.ask(rawRequest("POST", path, json, text));
        expect(answer.status).toBe(418);
        expect(answer.body.toString()).toBe(text);
        expect(scene.provider.requests.at(-1)?.body.toString()).toBe(text);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test("any bytes at all", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.constantFrom(...routes),
        async (bytes, path) => {
          scene.provider.script(fixed({ status: 418, headers: [], parts: [Buffer.from("as it is")] }));
          const answer = await scene.ask(rawRequest("POST", path, json, bytes));
          expect(outcomeOf(answer)).toBe("418 bypass unreadable-body");
          expect(scene.provider.requests.at(-1)?.body.equals(Buffer.from(bytes))).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);
});

describe("our own inputs that are wrong are a 400 in the dialect of the route, and cost no provider call", () => {
  test.each<[string, Headers, string]>([
    ["a prompt path that is no JSONPath", [["x-llm-prompt", "$.["]], "prompt-path-invalid"],
    ["an empty prompt path", [["x-llm-prompt", ""]], "prompt-path-invalid"],
    [
      "a prompt path with code in it",
      [["x-llm-prompt", "$..[?(@.constructor.constructor('process.exit()')())]"]],
      "prompt-path-invalid",
    ],
    ["a prompt path that selects nothing", [["x-llm-prompt", "$.nothing"]], "prompt-path-no-match"],
    ["a prompt path that selects a list of objects", [["x-llm-prompt", "$.messages"]], "prompt-path-no-match"],
    ["a prompt path that selects a number", [["x-llm-prompt", "$.temperature"]], "prompt-path-no-match"],
    ["a mode that is not one", [["x-semcache-mode", "turbo"]], "directive-invalid"],
    ["a ttl that is no number", [["x-semcache-ttl", "-1"]], "directive-invalid"],
    ["a namespace with spaces", [["x-semcache-namespace", "a b"]], "directive-invalid"],
    ["a tag with spaces", [["x-semcache-tags", "a b"]], "directive-invalid"],
    ["a rate over 1", [["x-semcache-max-error", "2"]], "directive-invalid"],
    [
      "two modes",
      [
        ["x-semcache-mode", "exact"],
        ["x-semcache-mode", "off"],
      ],
      "directive-invalid",
    ],
    ["an upstream without a scheme", [["x-llm-proxy-host", "api.example.com"]], "upstream-invalid"],
    ["an upstream with another scheme", [["x-llm-proxy-upstream", "ftp://api.example.com/x"]], "upstream-invalid"],
    [
      "two upstreams",
      [
        ["x-llm-proxy-host", "https://a.example"],
        ["x-llm-proxy-host", "https://b.example"],
      ],
      "upstream-invalid",
    ],
  ])("%s", async (_, headers, code) => {
    for (const path of routes) {
      const answer = await scene.ask(chat("own inputs", { headers, path, fields: { temperature: 1, max_tokens: 5 } }));
      expect([answer.status, answer.header("x-semcache-error")]).toEqual([400, code]);
      expect(answer.header("x-should-retry")).toBe("false");
      expect(answer.header("x-semcache-request")).toMatch(/^[0-9a-f-]{36}$/);
      const body = JSON.parse(answer.body.toString()) as {
        type?: string;
        error: { message: string; type: string; code?: string };
      };
      expect(body.error.message).toMatch(/^Cannot /);
      expect(body.error.type).toBe("invalid_request_error");
      expect(path === "/v1/messages" ? body.type : body.error.code).toBe(path === "/v1/messages" ? "error" : code);
    }
    expect(scene.provider.requests).toEqual([]);
  });

  test("the generic route without a prompt path or an upstream", async () => {
    const path = "/semcache/v1/chat/completions";
    const host: Headers = [["x-llm-proxy-host", scene.provider.url]];
    const prompt: Headers = [["x-llm-prompt", "$.messages[-1].content"]];
    const withoutPath = await scene.ask(chat("generic", { path, headers: host }));
    expect([withoutPath.status, withoutPath.header("x-semcache-error")]).toEqual([400, "prompt-path-missing"]);
    const withoutUpstream = await scene.ask(chat("generic", { path, headers: prompt }));
    expect([withoutUpstream.status, withoutUpstream.header("x-semcache-error")]).toEqual([400, "upstream-missing"]);
    expect(scene.provider.requests).toEqual([]);
    expect((await scene.ask(chat("generic", { path, headers: [...host, ...prompt] }))).status).toBe(200);
  });
});

describe("an answer of a provider that cannot be kept is relayed and not stored", () => {
  const whole = {
    id: "x",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "fine" }, finish_reason: "stop" }],
  };
  const answer = (body: unknown, status = 200, type = "application/json") =>
    fixed({
      status,
      headers: [["content-type", type]],
      parts: [Buffer.from(typeof body === "string" ? body : JSON.stringify(body))],
    });

  test("while the same answer, whole, is", async () => {
    scene.provider.script(answer(whole));
    await scene.ask(chat("kept"));
    expect(outcomeOf(await scene.ask(chat("kept")))).toBe("200 hit exact");
  });

  test.each<[string, ReturnType<typeof answer>]>([
    ["an empty body", answer("")],
    ["malformed JSON", answer('{"choices":[')],
    ["JSON of another shape", answer({ answer: 42 })],
    ["a list", answer("[]")],
    ["no choices", answer({ ...whole, choices: [] })],
    ["choices of a wrong type", answer({ ...whole, choices: { 0: whole.choices[0] } })],
    ["no finish reason", answer({ ...whole, choices: [{ ...whole.choices[0], finish_reason: null }] })],
    ["an unknown finish reason", answer({ ...whole, choices: [{ ...whole.choices[0], finish_reason: "tired" }] })],
    ["a content filter", answer({ ...whole, choices: [{ ...whole.choices[0], finish_reason: "content_filter" }] })],
    [
      "an empty answer",
      answer({ ...whole, choices: [{ ...whole.choices[0], message: { role: "assistant", content: "" } }] }),
    ],
    ["an error beside the answer", answer({ ...whole, error: { message: "no" } })],
    ["another status", answer(whole, 300)],
    ["HTML", answer("<html>", 200, "text/html")],
    ["JSON that says it is a stream", answer(whole, 200, "text/event-stream")],
    ["a stream that says it is JSON", answer("data: {}\n\ndata: [DONE]\n\n")],
    [
      "a coding that it has not",
      fixed({
        status: 200,
        headers: [
          ["content-type", "application/json"],
          ["content-encoding", "gzip"],
        ],
        parts: [Buffer.from(JSON.stringify(whole))],
      }),
    ],
    ["a stream of noise", answer("\u0000\u0001data: \n\n\n\nevent\n", 200, "text/event-stream")],
    ["a stream of broken JSON", answer('data: {"choices":[\n\ndata: [DONE]\n\n', 200, "text/event-stream")],
    ["a stream of nothing but its end", answer("data: [DONE]\n\n", 200, "text/event-stream")],
    ["more than cache.max_entry", huge(2_000_000)],
  ])("%s", async (what, script) => {
    for (const stream of [false, true]) {
      scene.provider.script(script, { times: 2 });
      const request = chat(`odd answer: ${what}`, { stream });
      const first = await scene.ask(request);
      const second = await scene.ask(request);
      for (const got of [first, second]) {
        expect([200, 300]).toContain(got.status);
        expect(got.header("x-cache-status")).toBe("miss");
      }
      expect(second.body.equals(first.body)).toBe(true);
    }
    expect(scene.provider.requests).toHaveLength(4);
  });

  test.each([
    ["in single bytes", inPieces(1)],
    ["after 1xx", informational()],
  ])("but an answer %s is kept", async (what, script) => {
    for (const stream of [false, true]) {
      scene.provider.script(script);
      await scene.ask(chat(`kept ${what}`, { stream }));
      expect(outcomeOf(await scene.ask(chat(`kept ${what}`, { stream })))).toBe("200 hit exact");
    }
  });

  test("an answer to the head alone is relayed", async () => {
    scene.provider.script(answerEarly({ status: 403, headers: [], parts: [Buffer.from("no")] }));
    const early = await scene.ask(chat("early"));
    expect([early.status, early.body.toString()]).toEqual([403, "no"]);
  });

  test("bytes behind a whole answer do not reach the next request", async () => {
    scene.provider.script(
      raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged"),
    );
    await scene.ask(chat("smuggled"));
    for (const _ of [1, 2, 3])
      expect((await scene.ask(rawRequest("GET", "/v1/models"))).body.toString()).toContain("gpt-4o");
  });
});
