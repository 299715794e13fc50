import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { InterpretedRequest } from "../../model/interpretation.ts";
import { parsePromptPath } from "../parse-prompt-path.ts";
import { interpretChatRequest } from "./interpret.ts";
import { IGNORED_FIELDS, STATEFUL_FIELDS } from "./request-fields.ts";

const user = { role: "user", content: "Hi" };
const base: JsonObject = { model: "gpt-4o", messages: [user] };

const interpret = (body: JsonValue, path: string | null = null, ignoreFields: readonly string[] = []) =>
  interpretChatRequest(body, { promptPath: path === null ? null : parsePromptPath(path), ignoreFields });

function read(body: JsonValue, path: string | null = null, ignoreFields: readonly string[] = []): InterpretedRequest {
  const interpretation = interpret(body, path, ignoreFields);
  if (interpretation.kind === "uninterpreted") throw new Error(interpretation.reason);
  return interpretation;
}

const withMessages = (...messages: readonly JsonValue[]): JsonObject => ({ ...base, messages });

describe("prompt and frame", () => {
  it("splits a request into its parts", () => {
    const body = {
      model: "gpt-4o",
      messages: [
        { role: "system", content: "Be brief" },
        { role: "developer", content: [{ type: "text", text: "No emoji" }] },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello" },
        { role: "system", content: "late" },
        { name: "ann", role: "user", content: "Who are you?" },
      ],
      tools: [{ type: "function", function: { name: "f" } }],
      tool_choice: "auto",
      temperature: 0.2,
      seed: 7,
      stream: true,
      stream_options: { include_usage: true },
      user: "u-1",
    };
    expect(interpret(body)).toEqual({
      kind: "interpreted",
      dialect: "openai-chat",
      prompt: ["Who are you?"],
      exactOnly: null,
      frame: {
        model: '"gpt-4o"',
        system: '[{"content":"Be brief","role":"system"},{"content":"No emoji","role":"developer"}]',
        history:
          '[{"content":"Hi","role":"user"},{"content":"Hello","role":"assistant"},{"content":"late","role":"system"},{"name":"ann","role":"user"}]',
        tools: '{"tool_choice":"auto","tools":[{"function":{"name":"f"},"type":"function"}]}',
        parameters: '{"seed":7,"temperature":0.2}',
      },
      model: "gpt-4o",
      temperature: 0.2,
      form: { shape: "stream", includeUsage: true },
    });
  });

  it("leaves absent parts empty", () => {
    expect(read({ messages: [user] }).frame).toEqual({
      model: "",
      system: "",
      history: '[{"role":"user"}]',
      tools: "",
      parameters: "",
    });
  });

  it("keeps several text blocks as a list, and one as a string would be", () => {
    const text = (value: string) => ({ type: "text", text: value });
    expect(read(withMessages({ role: "user", content: [text("a"), text("b")] })).prompt).toEqual(["a", "b"]);
    expect(read(withMessages({ role: "user", content: [text("Hi")] }))).toEqual(read(base));
    const history = (content: JsonValue) =>
      read(withMessages({ role: "user", content }, { role: "assistant", content }, user));
    expect(history([text("x")])).toEqual(history("x"));
    expect(history([text("x"), text("y")]).frame).not.toEqual(history("x\ny").frame);
  });

  it.each([...IGNORED_FIELDS].filter((name) => name !== "stream" && name !== "stream_options"))(
    "ignores %s",
    (name) => {
      expect(read({ ...base, [name]: "anything" })).toEqual(read(base));
    },
  );

  it("ignores at the top level only", () => {
    const tool = (extra: JsonObject) => ({ ...base, tools: [{ type: "function", function: { name: "f", ...extra } }] });
    expect(read(tool({ metadata: 1 })).frame).not.toEqual(read(tool({})).frame);
    expect(read(withMessages({ ...user, user: "u" })).frame).not.toEqual(read(base).frame);
    expect(read({ ...base, extra: { stream: true } }).frame).not.toEqual(read({ ...base, extra: {} }).frame);
  });

  it("ignores cache_control on content parts, and nowhere else", () => {
    const mark = { cache_control: { type: "ephemeral" } };
    const part = { type: "text", text: "Hi" };
    expect(read(withMessages({ role: "user", content: [{ ...part, ...mark }] }))).toEqual(read(base));
    const system = (extra: JsonObject) =>
      read(withMessages({ role: "system", content: [{ ...part, ...extra }, part] }, user));
    expect(system(mark)).toEqual(system({}));
    expect(read(withMessages({ ...user, ...mark })).frame).not.toEqual(read(base).frame);
    expect(read({ ...base, ...mark }).frame).not.toEqual(read(base).frame);
  });

  it("ignores what the configuration names", () => {
    expect(read({ ...base, session_id: "s" }, null, ["session_id"])).toEqual(read(base));
    expect(read({ ...base, session_id: "s" }).frame).not.toEqual(read(base).frame);
  });

  it("fills in no defaults", () => {
    for (const extra of [{ temperature: 1 }, { n: 1 }, { seed: null }, { tools: [] }])
      expect(read({ ...base, ...extra }).frame).not.toEqual(read(base).frame);
  });

  it("takes __proto__ for an ordinary field", () => {
    const polluted = JSON.parse(
      '{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"__proto__":{"a":1}}',
    ) as JsonValue;
    expect(read(polluted).frame.parameters).toBe('{"__proto__":{"a":1}}');
  });
});

describe("form", () => {
  it.each([
    [{}, { shape: "json", includeUsage: false }],
    [{ stream: null }, { shape: "json", includeUsage: false }],
    [
      { stream: false, stream_options: { include_usage: true } },
      { shape: "json", includeUsage: false },
    ],
    [{ stream: true }, { shape: "stream", includeUsage: false }],
    [
      { stream: true, stream_options: { include_usage: true } },
      { shape: "stream", includeUsage: true },
    ],
    [
      { stream: true, stream_options: null },
      { shape: "stream", includeUsage: false },
    ],
  ])("%j", (extra, form) => {
    expect(read({ ...base, ...extra } as JsonObject).form).toEqual(form);
  });
});

describe("exact only", () => {
  const image = { type: "image_url", image_url: { url: "https://example.org/a.png" } };
  const call = {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
  };

  it.each([
    ["image", withMessages({ role: "user", content: [{ type: "text", text: "What?" }, image] })],
    ["image", withMessages({ role: "user", content: [{ type: "input_audio", input_audio: {} }] })],
    ["image", withMessages({ role: "user", content: [{ type: "file", file: {} }] })],
    ["image", withMessages({ role: "user", content: [{ type: "hologram" }] })],
    ["image", withMessages({ role: "user", content: [image] }, { role: "assistant", content: "A cat" }, user)],
    ["tool-use", withMessages(user, call, { role: "tool", tool_call_id: "c", content: "5" })],
    ["tool-use", withMessages(user, { role: "function", name: "f", content: "5" })],
    ["tool-use", withMessages(user, call)],
    ["multiple-choices", { ...base, n: 2 }],
    ["no-candidate", { ...base, logprobs: true }],
    ["no-candidate", { ...base, prediction: { type: "content", content: "x" } }],
    ["no-candidate", withMessages(user, { role: "assistant", content: "Sure, " })],
    ["no-candidate", withMessages({ role: "system", content: "x" })],
    ["no-candidate", withMessages(user, { role: "developer", content: "x" })],
    ["no-candidate", withMessages({ role: "user", content: [] })],
    ["no-candidate", withMessages({ role: "user", content: "" })],
    ["no-candidate", withMessages({ role: "user", content: [{ type: "text", text: "Hi", weight: 2 }] })],
  ] as const)("%s: %j", (reason, body) => {
    expect(read(body).exactOnly).toBe(reason);
  });

  it("keeps everything in the frame where the last message is not plain text of the user", () => {
    for (const last of [
      { role: "assistant", content: "Sure, " },
      { role: "user", content: [image] },
      { role: "tool", content: "5" },
    ]) {
      const { prompt, frame } = read(withMessages(user, last));
      expect(prompt).toBeNull();
      expect(frame.history).toContain('"content":"Hi"');
      expect(JSON.parse(frame.history)).toHaveLength(2);
      expect((JSON.parse(frame.history) as JsonObject[])[1]).toEqual(last);
    }
  });

  it.each([{ n: 1 }, { n: null }, { logprobs: false }, { logprobs: null }, { prediction: null }])(
    "not for %j",
    (extra) => {
      expect(read({ ...base, ...extra } as JsonObject).exactOnly).toBeNull();
    },
  );

  it("not for a tool call that was answered", () => {
    const body = withMessages(
      user,
      call,
      { role: "tool", tool_call_id: "c", content: "5" },
      { role: "assistant", content: "5" },
      user,
    );
    expect(read(body).exactOnly).toBeNull();
  });
});

describe("stateful", () => {
  it.each([
    ...[...STATEFUL_FIELDS].map((name) => ({ [name]: { a: 1 } })),
    { modalities: ["text", "audio"] },
    { tools: [{ type: "web_search" }] },
    { tools: [{ type: "function", function: { name: "f" } }, { type: "code_interpreter" }] },
    { tools: [{ function: { name: "f" } }] },
    { messages: [user, { role: "assistant", audio: { id: "audio_1" } }, user] },
  ])("%j", (extra) => {
    expect(interpret({ ...base, ...extra } as JsonObject)).toEqual({ kind: "uninterpreted", reason: "stateful" });
  });

  it.each([
    ...[...STATEFUL_FIELDS].map((name) => ({ [name]: null })),
    { enable_search: false },
    { modalities: ["text"] },
    { tools: [{ type: "custom", custom: { name: "f" } }] },
    { tools: null },
  ])("not %j", (extra) => {
    expect(interpret({ ...base, ...extra } as JsonObject).kind).toBe("interpreted");
  });
});

describe("unreadable", () => {
  it.each<JsonValue>([
    null,
    "text",
    [],
    {},
    { messages: null },
    { messages: [] },
    { messages: {} },
    { messages: ["Hi"] },
    withMessages({ role: "user" }),
    withMessages({ content: "Hi" }),
    withMessages({ role: "critic", content: "Hi" }),
    withMessages({ role: "user", content: 5 }),
    withMessages({ role: "user", content: { type: "text", text: "Hi" } }),
    withMessages({ role: "user", content: ["Hi"] }),
    withMessages({ role: "user", content: [{ text: "Hi" }] }),
    withMessages({ role: "user", content: [{ type: "text" }] }),
    withMessages({ role: "tool", content: null }),
    { ...base, model: 5 },
    { ...base, temperature: "hot" },
    { ...base, n: "2" },
    { ...base, stream: "yes" },
    { ...base, stream_options: 1 },
    { ...base, tools: {} },
    { ...base, tools: ["f"] },
    { ...base, functions: "f" },
  ])("%j", (body) => {
    expect(interpret(body)).toEqual({ kind: "uninterpreted", reason: "unreadable-body" });
  });
});

describe("prompt path", () => {
  const long = withMessages({ role: "system", content: "Translate" }, { role: "user", content: "Hi" });

  it("means the default rule where it names the last content, images and tools too", () => {
    for (const path of ["$.messages[-1].content", "$.messages[1].content", "$.messages[?@.role=='user'].content"])
      expect(interpret(long, path)).toEqual(interpret(long));
    const image = withMessages({ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] });
    expect(interpret(image, "$.messages[-1].content")).toEqual(interpret(image));
  });

  it("takes the prompt from elsewhere, and puts the last message into the frame", () => {
    const { prompt, exactOnly, frame } = read(long, "$.messages[0].content");
    expect({ prompt, exactOnly }).toEqual({ prompt: ["Translate"], exactOnly: null });
    expect(frame).toMatchObject({
      system: '[{"content":"","role":"system"}]',
      history: '[{"content":"Hi","role":"user"}]',
      parameters: '[["messages",0,"content"],{}]',
    });
  });

  it("keeps what makes a request exact-only", () => {
    const body = withMessages(
      { role: "system", content: "Translate" },
      { role: "tool", content: "5", tool_call_id: "c" },
    );
    expect(read(body, "$.messages[0].content")).toMatchObject({ prompt: ["Translate"], exactOnly: "tool-use" });
  });

  it("is an error of the caller where it selects nothing, whatever else the request is", () => {
    for (const body of [base, { ...base, web_search_options: {} }])
      expect(() => interpret(body, "$.nothing")).toThrow("Cannot find the prompt at $.nothing: it selects nothing");
  });
});
