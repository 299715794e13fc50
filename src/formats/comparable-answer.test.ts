import { describe, expect, test } from "vitest";
import { dialects } from "./dialects.ts";
import { toComparableAnswer } from "./comparable-answer.ts";

function chat(message: object, envelope: object = {}): string | null {
  const body = { id: "a", created: 1, choices: [{ index: 0, message, finish_reason: "tool_calls" }], ...envelope };
  return comparable("openai-chat", JSON.stringify(body));
}

function comparable(name: "openai-chat" | "anthropic-messages", body: string, shape: "json" | "stream" = "json") {
  const contentType = shape === "json" ? "application/json" : "text/event-stream";
  const answer = { shape, status: 200, contentType, openaiVersion: null, body: Buffer.from(body) };
  return toComparableAnswer(dialects[name], answer);
}

const call = (name: string, written: string, id = "call_1") => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id, type: "function", function: { name, arguments: written } }],
});

describe("calls of tools", () => {
  test("are the same whatever their ids, and however their arguments are written", () => {
    const one = chat(call("get_weather", '{"city": "Paris", "unit": "C"}'));
    expect(one).not.toBeNull();
    expect(chat(call("get_weather", '{"unit":"C","city":"Paris"}', "call_2"), { id: "b", created: 2 })).toBe(one);
  });

  test.each([
    ["another argument", call("get_weather", '{"city": "Lyon", "unit": "C"}')],
    ["another tool", call("get_time", '{"city": "Paris", "unit": "C"}')],
    ["an id that is an argument", call("get_weather", '{"city": "Paris", "unit": "C", "id": "7"}')],
    ["text beside the call", { ...call("get_weather", '{"city": "Paris", "unit": "C"}'), content: "Let me look." }],
  ])("%s is another answer", (_, message) => {
    expect(chat(message)).not.toBe(chat(call("get_weather", '{"city": "Paris", "unit": "C"}')));
  });

  test("are the same to the last digit of each number", () => {
    const transfer = (account: string) => chat(call("transfer", `{"to": ${account}, "amount": 5.0}`));
    const one = transfer("1234567890123456789");
    expect(one).not.toBeNull();
    expect(chat(call("transfer", '{"amount":5,"to":1234567890123456789}'))).toBe(one);
    expect(transfer("1234567890123456788")).not.toBe(one);
    expect(transfer('"1234567890123456789"')).not.toBe(one);
    expect(transfer("0.1234567890123456789")).not.toBe(transfer("0.1234567890123456788"));
  });

  test("of a stream are those of the whole answer", () => {
    const delta = (content: object, finish: string | null = null) =>
      `data: ${JSON.stringify({ id: "x", created: 5, object: "chat.completion.chunk", choices: [{ index: 0, delta: content, finish_reason: finish }] })}\n\n`;
    const stream = [
      delta({ role: "assistant", content: null }),
      delta({
        tool_calls: [{ index: 0, id: "z", type: "function", function: { name: "get_weather", arguments: "" } }],
      }),
      delta({ tool_calls: [{ index: 0, function: { arguments: '{"city":"Par' } }] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: 'is","unit":"C"}' } }] }),
      delta({}, "tool_calls"),
      "data: [DONE]\n\n",
    ].join("");
    expect(comparable("openai-chat", stream, "stream")).toBe(chat(call("get_weather", '{"city":"Paris","unit":"C"}')));
  });

  test("of Anthropic's messages count without ids and thoughts", () => {
    const message = (content: readonly object[], id: string) =>
      comparable(
        "anthropic-messages",
        JSON.stringify({ id, type: "message", role: "assistant", content, stop_reason: "tool_use", usage: {} }),
      );
    const use = (id: string, city: string) => ({ type: "tool_use", id, name: "get_weather", input: { city } });
    const one = message([use("toolu_1", "Paris")], "msg_1");
    expect(one).not.toBeNull();
    const thought = { type: "thinking", thinking: "Paris, then.", signature: "abc" };
    expect(message([thought, use("toolu_2", "Paris")], "msg_2")).toBe(one);
    expect(message([use("toolu_1", "Lyon")], "msg_1")).not.toBe(one);
  });

  test("of Anthropic's messages are the same to the last digit of each number", () => {
    const message = (input: string, id: string) =>
      comparable(
        "anthropic-messages",
        `{"id":"${id}","type":"message","role":"assistant","content":[{"type":"tool_use","id":"${id}","name":"transfer","input":${input}}],"stop_reason":"tool_use","usage":{}}`,
      );
    const one = message('{"to":1234567890123456789,"amount":5.0}', "a");
    expect(one).not.toBeNull();
    expect(message('{"amount": 5, "to": 1234567890123456789}', "b")).toBe(one);
    expect(message('{"to":1234567890123456788,"amount":5.0}', "a")).not.toBe(one);
  });
});

test("what is no answer of a dialect cannot be compared", () => {
  expect(comparable("openai-chat", "{}")).toBeNull();
  expect(comparable("openai-chat", "nothing")).toBeNull();
});
