import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { InterpretedRequest } from "../../model/interpretation.ts";
import { parsePromptPath } from "../parse-prompt-path.ts";
import { interpretRequest } from "./interpret-request.ts";

const text = (value: string, more: JsonObject = {}): JsonObject => ({ type: "text", text: value, ...more });
const user = (content: JsonValue): JsonObject => ({ role: "user", content });
const assistant = (content: JsonValue): JsonObject => ({ role: "assistant", content });
const request = (more: JsonObject = {}): JsonObject => ({
  model: "claude-sonnet-4-5",
  max_tokens: 100,
  messages: [user("Hi")],
  ...more,
});
const image: JsonObject = { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } };
const toolUse: JsonObject = { type: "tool_use", id: "toolu_1", name: "get", input: { a: 1 } };
const toolResult: JsonObject = { type: "tool_result", tool_use_id: "toolu_1", content: "42" };

function interpret(body: JsonValue, path: string | null = null, ignoreFields: readonly string[] = []) {
  return interpretRequest(body, { promptPath: path === null ? null : parsePromptPath(path), ignoreFields });
}

function interpreted(body: JsonValue, path: string | null = null): InterpretedRequest {
  const interpretation = interpret(body, path);
  if (interpretation.kind !== "interpreted") throw new Error(`Cannot interpret: ${interpretation.reason}`);
  return interpretation;
}

describe("prompt", () => {
  it("is the last user message's text", () => {
    expect(interpreted(request({ messages: [user("A"), assistant("B"), user("C")] })).prompt).toEqual(["C"]);
    expect(interpreted(request({ messages: [user([text("C")])] })).prompt).toEqual(["C"]);
    expect(interpreted(request({ messages: [user([text("C"), text("D")])] })).prompt).toEqual(["C", "D"]);
  });

  it.each<[string, JsonValue[], string]>([
    ["assistant prefill", [user("A"), assistant("{")], "no-candidate"],
    ["no block", [user([])], "no-candidate"],
    ["a system message last", [user("A"), { role: "system", content: "B" }], "no-candidate"],
    ["an image", [user([image, text("What is it?")])], "image"],
    ["a document", [user([{ type: "document", source: { type: "text", data: "x" } }, text("Sum up")])], "image"],
    ["an unknown part", [user([{ type: "hologram" }, text("What is it?")])], "image"],
    ["a tool result", [user("A"), assistant([toolUse]), user([toolResult])], "tool-use"],
    ["a tool result and text", [user("A"), assistant([toolUse]), user([toolResult, text("B")])], "tool-use"],
    ["a tool result with an image", [user([{ ...toolResult, content: [image] }])], "image"],
  ])("is part of the frame with %s", (_, messages, reason) => {
    expect(interpreted(request({ messages }))).toMatchObject({ prompt: null, exactOnly: reason });
  });

  it("is compared by meaning after plain tool turns, not after an image", () => {
    const turns = [user("A"), assistant([toolUse]), user([toolResult]), assistant("B"), user("C")];
    expect(interpreted(request({ messages: turns }))).toMatchObject({ prompt: ["C"], exactOnly: null });
    const seen = [user([image, text("A")]), assistant("B"), user("C")];
    expect(interpreted(request({ messages: seen }))).toMatchObject({ prompt: ["C"], exactOnly: "image" });
    const shown = [assistant([toolUse]), user([{ ...toolResult, content: [image] }]), assistant("B"), user("C")];
    expect(interpreted(request({ messages: shown }))).toMatchObject({ prompt: ["C"], exactOnly: "image" });
    expect(interpreted(request({ system: [image] }))).toMatchObject({ prompt: ["Hi"], exactOnly: "image" });
  });
});

it("an empty prompt is compared by equality", () => {
  expect(interpreted(request({ messages: [user("")] }))).toMatchObject({ prompt: [""], exactOnly: "no-candidate" });
});

describe("frame", () => {
  it("has its parts", () => {
    const body = request({
      system: "Be brief",
      tools: [{ name: "get", input_schema: { type: "object" } }],
      tool_choice: { type: "auto" },
      temperature: 0.5,
      thinking: { type: "enabled", budget_tokens: 1024 },
    });
    expect(interpreted(body).frame).toEqual({
      model: '"claude-sonnet-4-5"',
      system: '"Be brief"',
      history: '[{"role":"user"}]',
      tools: '{"tool_choice":{"type":"auto"},"tools":[{"input_schema":{"type":"object"},"name":"get"}]}',
      parameters: '{"max_tokens":100,"temperature":0.5,"thinking":{"budget_tokens":1024,"type":"enabled"}}',
    });
    expect(interpreted({ messages: [user("Hi")] }).frame).toEqual({
      model: "",
      system: "",
      history: '[{"role":"user"}]',
      tools: "",
      parameters: "",
    });
  });

  it("leaves out the fields of the configuration", () => {
    const body = request({ session_id: "a" });
    const plain = interpret(request());
    expect(interpret(body)).not.toEqual(plain);
    expect(interpret(body, null, ["session_id"])).toEqual(plain);
  });

  it("tells model, temperature and form", () => {
    expect(interpreted(request({ temperature: 0.7, stream: true }))).toMatchObject({
      model: "claude-sonnet-4-5",
      temperature: 0.7,
      form: { shape: "stream", includeUsage: false },
    });
    expect(interpreted({ messages: [user("Hi")], stream: null })).toMatchObject({
      model: null,
      temperature: null,
      form: { shape: "json", includeUsage: false },
    });
  });
});

describe("bodies that are relayed", () => {
  it.each<[string, JsonObject]>([
    ["a container", { container: "container_011" }],
    ["MCP servers", { mcp_servers: [{ type: "url", url: "https://example.com", name: "x" }] }],
    ["context management", { context_management: { edits: [] } }],
    ["web search", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
    ["a provider's own kind of tool", { tools: [{ type: "bash_20250124", name: "bash" }] }],
    ["one server tool among others", { tools: [{ name: "a" }, { type: "code_execution_20250825", name: "c" }] }],
    ["a tool type that is no text", { tools: [{ type: 1 }] }],
  ])("stateful: %s", (_, more) => {
    expect(interpret(request(more))).toEqual({ kind: "uninterpreted", reason: "stateful" });
  });

  it.each<[string, JsonObject]>([
    ["custom", { tools: [{ type: "custom", name: "a" }] }],
    ["null", { tools: [{ type: null, name: "a" }], container: null, mcp_servers: null, context_management: null }],
    ["empty lists", { tools: [], mcp_servers: [] }],
  ])("not stateful: %s", (_, more) => {
    expect(interpret(request(more)).kind).toBe("interpreted");
  });

  it.each<[string, JsonValue]>([
    ["null", null],
    ["a list", [request()]],
    ["no messages", { model: "m" }],
    ["an empty list of messages", request({ messages: [] })],
    ["messages as an object", request({ messages: {} })],
    ["a message as text", request({ messages: ["Hi"] })],
    ["no role", request({ messages: [{ content: "Hi" }] })],
    ["no content", request({ messages: [{ role: "user" }] })],
    ["null content", request({ messages: [user(null)] })],
    ["a block as text", request({ messages: [user(["Hi"])] })],
    ["a block without type", request({ messages: [user([{ text: "Hi" }])] })],
    ["a text block without text", request({ messages: [user([{ type: "text" }])] })],
    ["text as a number", request({ messages: [user([{ type: "text", text: 1 }])] })],
    ["a tool result of a number", request({ messages: [user([{ ...toolResult, content: 1 }])] })],
    ["model as a number", request({ model: 1 })],
    ["stream as text", request({ stream: "true" })],
    ["temperature as text", request({ temperature: "0" })],
    ["system as a number", request({ system: 1 })],
    ["a system block without type", request({ system: [{ text: "x" }] })],
    ["tools as an object", request({ tools: {} })],
    ["a tool as text", request({ tools: ["get"] })],
  ])("unreadable: %s", (_, body) => {
    expect(interpret(body)).toEqual({ kind: "uninterpreted", reason: "unreadable-body" });
  });
});

describe("an explicit prompt path", () => {
  it("to the last content changes nothing", () => {
    const body = request({
      messages: [user("A"), assistant("B"), user([text("C", { cache_control: { type: "x" } })])],
    });
    expect(interpret(body, "$.messages[-1].content")).toEqual(interpret(body));
    expect(interpret(body, "$['messages'][2]['content']")).toEqual(interpret(body));
  });

  it("to the last content is the rule without a path, whatever is there", () => {
    for (const content of [[image, text("A")], [toolResult], [text("A", { citations: null })], []]) {
      const body = request({ messages: [user(content)] });
      expect(interpret(body, "$.messages[-1].content")).toEqual(interpret(body));
    }
  });

  it("makes another text the prompt and the last message part of the frame", () => {
    const body = request({ system: "Translate", messages: [user("A"), assistant("B"), user("C")] });
    const found = interpreted(body, "$.messages[0].content");
    expect(found).toMatchObject({ prompt: ["A"], exactOnly: null });
    expect(found.frame.history).toContain('"content":"C"');
    expect(found.frame.history).not.toContain('"A"');
    expect(interpreted(body, "$.system")).toMatchObject({ prompt: ["Translate"], exactOnly: null });
    expect(interpreted(body, "$.messages[-1].content").prompt).toEqual(["C"]);
  });

  it("gives a frame of its own", () => {
    const selected = interpreted(request({ system: "x" }), "$.system").frame;
    expect(selected).not.toEqual(interpreted(request({ system: "" })).frame);
    const elsewhere = interpreted(
      request({ system: "", messages: [user("Hi"), assistant("x"), user("Hi")] }),
      "$.messages[1].content",
    ).frame;
    expect(elsewhere.parameters).not.toEqual(selected.parameters);
  });

  it("fails where it selects no text", () => {
    for (const path of ["$.none", "$.messages", "$.messages[*].role", "$.max_tokens"])
      expect(() => interpret(request({ messages: [user("A"), user("B")] }), path)).toThrow(
        expect.objectContaining({ code: "prompt-path-no-match" }),
      );
  });

  it("is not looked at where the body cannot be read", () => {
    expect(interpret({ messages: 1 }, "$.none")).toMatchObject({ reason: "unreadable-body" });
    expect(interpret(request({ container: "c" }), "$.none")).toMatchObject({ reason: "stateful" });
  });
});
