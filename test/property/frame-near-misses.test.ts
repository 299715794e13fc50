// Pairs of requests side by side: those that are one request written twice, and those that only look like it.
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "#semcache/base/json.js";
import { dialects } from "#semcache/formats/dialects.js";
import type { DialectName } from "#semcache/model/dialect-name.js";
import type { InterpretedRequest } from "#semcache/model/interpretation.js";

type Pair = readonly [what: string, a: JsonObject, b: JsonObject];

function interpret(dialect: DialectName, body: JsonObject): InterpretedRequest {
  const interpretation = dialects[dialect].interpret(body, { promptPath: null, ignoreFields: [] });
  if (interpretation.kind === "uninterpreted") throw new Error(`Cannot interpret: ${interpretation.reason}`);
  return interpretation;
}

function frameOf(dialect: DialectName, body: JsonObject): string {
  return JSON.stringify(interpret(dialect, body).frame);
}

const ask = (content: JsonValue, more: JsonObject = {}): JsonObject => ({
  model: "m",
  max_tokens: 100,
  messages: [{ role: "user", content }],
  ...more,
});
const turns = (...contents: readonly JsonValue[]): JsonObject => ({
  model: "m",
  max_tokens: 100,
  messages: contents.map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content })),
});
const text = (value: string, more: JsonObject = {}): JsonObject => ({ type: "text", text: value, ...more });
const mark: JsonObject = { cache_control: { type: "ephemeral" } };
const from = (json: string): JsonObject => JSON.parse(json);

/** What both chat dialects agree on. */
const sameInBoth: readonly Pair[] = [
  ["a string and one text block", ask("Hi"), ask([text("Hi")])],
  ["the same in an earlier turn", turns("A", "B", "C"), turns([text("A")], [text("B")], [text("C")])],
  ["a cache mark on the prompt", ask("Hi"), ask([text("Hi", mark)])],
  ["a cache mark in an earlier turn", turns("A", "B", "C"), turns([text("A", mark)], "B", "C")],
  ["a cache mark on one of two blocks", ask([text("A"), text("B")]), ask([text("A", mark), text("B")])],
  ["member order", ask("Hi", { seed: 1, top_p: 0.5 }), ask("Hi", { top_p: 0.5, seed: 1 })],
  [
    "member order within",
    ask("Hi", { x: { a: 1, b: [{ c: 1, d: 2 }] } }),
    ask("Hi", { x: { b: [{ d: 2, c: 1 }], a: 1 } }),
  ],
  ["one stream, the other not", ask("Hi", { stream: true }), ask("Hi")],
  ["stream false and absent", ask("Hi", { stream: false }), ask("Hi")],
  ["metadata", ask("Hi", { metadata: { user_id: "1" } }), ask("Hi", { metadata: { user_id: "2" } })],
  ["service tier", ask("Hi", { service_tier: "auto" }), ask("Hi")],
  [
    "ways to write a number",
    from('{"messages":[{"role":"user","content":"x"}],"t":1.0}'),
    from('{"messages":[{"role":"user","content":"x"}],"t":1e0}'),
  ],
  [
    "ways to write a character",
    from('{"messages":[{"role":"user","content":"\\u0041"}]}'),
    from('{"messages":[{"role":"user","content":"A"}]}'),
  ],
  [
    "white space",
    from('{ "messages" : [ { "role":"user" , "content":"x" } ] }'),
    from('{"messages":[{"role":"user","content":"x"}]}'),
  ],
];

/** Prompts differ, frames do not: these meet in one partition, where meaning decides. */
const sameFrameInBoth: readonly Pair[] = [
  ["another question", ask("What is the capital of France?"), ask("Capital of France?")],
  ["a string and two blocks", ask("A B"), ask([text("A"), text("B")])],
  ["another question after the same turns", turns("A", "B", "C"), turns("A", "B", "D")],
];

const differentPromptInBoth: readonly Pair[] = [
  ["case", ask("ls -A"), ask("ls -a")],
  ["a space at the end", ask("Hi"), ask("Hi ")],
  ["two spaces", ask("a b"), ask("a  b")],
  ["a line break", ask("a\nb"), ask("a\r\nb")],
  ["a full stop", ask("Go"), ask("Go.")],
  ["a digit", ask("7 * 8"), ask("7 * 9")],
  ["Unicode composition", ask("caf\u00e9"), ask("cafe\u0301")],
  ["a homoglyph", ask("a"), ask("\u0430")],
  ["a zero-width space", ask("ab"), ask("a\u200bb")],
  ["two blocks and their join", ask([text("A"), text("B")]), ask("A\nB")],
  ["where two blocks are cut", ask([text("AB"), text("C")]), ask([text("A"), text("BC")])],
  ["the order of two blocks", ask([text("A"), text("B")]), ask([text("B"), text("A")])],
  ["an empty block more", ask([text("A")]), ask([text("A"), text("")])],
];

const differentFrameInBoth: readonly Pair[] = [
  ["model", ask("Hi", { model: "gpt-4o" }), ask("Hi", { model: "gpt-4o-mini" })],
  ["no model", ask("Hi"), { messages: [{ role: "user", content: "Hi" }], max_tokens: 100 }],
  ["model in capitals", ask("Hi", { model: "M" }), ask("Hi")],
  ["temperature 0 and absent", ask("Hi", { temperature: 0 }), ask("Hi")],
  ["temperature null and absent", ask("Hi", { temperature: null }), ask("Hi")],
  ["temperature 0.7 and 0.70001", ask("Hi", { temperature: 0.7 }), ask("Hi", { temperature: 0.70001 })],
  ["max_tokens", ask("Hi", { max_tokens: 100 }), ask("Hi", { max_tokens: 101 })],
  ["top_p", ask("Hi", { top_p: 1 }), ask("Hi")],
  ["stop sequences", ask("Hi", { stop_sequences: ["a"] }), ask("Hi", { stop_sequences: ["A"] })],
  ["order of stop sequences", ask("Hi", { stop: ["a", "b"] }), ask("Hi", { stop: ["b", "a"] })],
  ["one stop and a list of one", ask("Hi", { stop: "a" }), ask("Hi", { stop: ["a"] })],
  ["number and numeral", ask("Hi", { seed: 1 }), ask("Hi", { seed: "1" })],
  ["true and 1", ask("Hi", { x: true }), ask("Hi", { x: 1 })],
  ["false and absent", ask("Hi", { x: false }), ask("Hi")],
  ["null and absent", ask("Hi", { x: null }), ask("Hi")],
  ["an empty list and absent", ask("Hi", { x: [] }), ask("Hi")],
  ["an empty object and an empty list", ask("Hi", { x: {} }), ask("Hi", { x: [] })],
  ["an unknown field", ask("Hi", { top_k_v2: 5 }), ask("Hi")],
  ["an unknown field's value deep down", ask("Hi", { x: { y: [{ z: 1 }] } }), ask("Hi", { x: { y: [{ z: 2 }] } })],
  ["a field in capitals", ask("Hi", { Stream: true }), ask("Hi")],
  ["an ignored name further down", ask("Hi", { x: { metadata: 1 } }), ask("Hi", { x: { metadata: 2 } })],
  ["stream further down", ask("Hi", { x: { stream: true } }), ask("Hi", { x: { stream: false } })],
  ["members of __proto__", ask("Hi", from('{"__proto__":{"a":1}}')), ask("Hi")],
  ["values in __proto__", ask("Hi", from('{"__proto__":1}')), ask("Hi", from('{"__proto__":2}'))],
  [
    "__proto__ in a message",
    from('{"messages":[{"role":"user","content":"A","__proto__":1}]}'),
    from('{"messages":[{"role":"user","content":"A"}]}'),
  ],
  ["constructor", ask("Hi", { constructor: 1 }), ask("Hi")],
  ["an earlier question", turns("A", "B", "C"), turns("X", "B", "C")],
  ["an earlier answer", turns("A", "B", "C"), turns("A", "X", "C")],
  ["two turns less", turns("A", "B", "C"), turns("C")],
  ["two turns more", turns("A", "B", "C"), turns("A", "B", "A", "B", "C")],
  ["case in an earlier turn", turns("A", "B", "C"), turns("a", "B", "C")],
  ["an earlier turn in two blocks", turns([text("A"), text("B")], "x", "C"), turns("A\nB", "x", "C")],
  ["an earlier turn's empty block", turns([text("A"), text("")], "x", "C"), turns("A", "x", "C")],
  [
    "two user messages and one",
    {
      ...ask("B"),
      messages: [
        { role: "user", content: "A" },
        { role: "user", content: "B" },
      ],
    },
    ask("B"),
  ],
  [
    "who said it",
    {
      ...ask("C"),
      messages: [
        { role: "user", content: "A" },
        { role: "user", content: "C" },
      ],
    },
    {
      ...ask("C"),
      messages: [
        { role: "assistant", content: "A" },
        { role: "user", content: "C" },
      ],
    },
  ],
  [
    "a field of the last message",
    ask("Hi"),
    { ...ask("Hi"), messages: [{ role: "user", content: "Hi", name: "Ann" }] },
  ],
  [
    "names in the last message",
    { ...ask("Hi"), messages: [{ role: "user", content: "Hi", name: "Bob" }] },
    { ...ask("Hi"), messages: [{ role: "user", content: "Hi", name: "Ann" }] },
  ],
  [
    "a field of an earlier message",
    turns("A", "B", "C"),
    {
      ...turns("A", "B", "C"),
      messages: [
        { role: "user", content: "A", name: "x" },
        { role: "assistant", content: "B" },
        { role: "user", content: "C" },
      ],
    },
  ],
  ["a text block's further field", ask([text("Hi", { annotations: [] })]), ask([text("Hi")])],
  ["a further field's value", ask([text("Hi", { lang: "en" })]), ask([text("Hi", { lang: "de" })])],
  [
    "the block that has the further field",
    ask([text("A", { x: 1 }), text("A")]),
    ask([text("A"), text("A", { x: 1 })]),
  ],
  [
    "tool descriptions",
    ask("Hi", { tools: [{ type: "custom", name: "a", description: "x" }] }),
    ask("Hi", { tools: [{ type: "custom", name: "a", description: "y" }] }),
  ],
  [
    "tool order",
    ask("Hi", {
      tools: [
        { type: "custom", name: "a" },
        { type: "custom", name: "b" },
      ],
    }),
    ask("Hi", {
      tools: [
        { type: "custom", name: "b" },
        { type: "custom", name: "a" },
      ],
    }),
  ],
  ["tool choice", ask("Hi", { tool_choice: "auto" }), ask("Hi", { tool_choice: "none" })],
  ["empty tools and none", ask("Hi", { tools: [] }), ask("Hi")],
];

const tool = (more: JsonObject): JsonObject => ({ name: "get", input_schema: { type: "object" }, ...more });
const toolTurns = (use: JsonObject, result: JsonObject): JsonObject =>
  turns(
    "A",
    [{ type: "tool_use", id: "t1", name: "get", input: { a: 1 }, ...use }],
    [{ type: "tool_result", tool_use_id: "t1", content: "42", ...result }],
    "B",
    "C",
  );

const sameInAnthropic: readonly Pair[] = [
  ["system as string and block", ask("Hi", { system: "S" }), ask("Hi", { system: [text("S")] })],
  ["a cache mark on system", ask("Hi", { system: "S" }), ask("Hi", { system: [text("S", mark)] })],
  [
    "another cache mark",
    ask("Hi", { system: [text("S", { cache_control: { type: "ephemeral", ttl: "1h" } })] }),
    ask("Hi", { system: [text("S", mark)] }),
  ],
  ["a cache mark on a tool", ask("Hi", { tools: [tool({})] }), ask("Hi", { tools: [tool(mark)] })],
  ["a cache mark at the top", ask("Hi", mark), ask("Hi")],
  ["cache marks on tool turns", toolTurns({}, {}), toolTurns(mark, mark)],
  ["a cache mark in a tool result", toolTurns({}, {}), toolTurns({}, { content: [text("42", mark)] })],
  ["a tool result as string and block", toolTurns({}, {}), toolTurns({}, { content: [text("42")] })],
];

const differentFrameInAnthropic: readonly Pair[] = [
  ["system", ask("Hi", { system: "S" }), ask("Hi", { system: "T" })],
  ["system and none", ask("Hi", { system: "" }), ask("Hi")],
  ["system null and none", ask("Hi", { system: null }), ask("Hi")],
  ["system in two blocks", ask("Hi", { system: [text("A"), text("B")] }), ask("Hi", { system: "A\nB" })],
  [
    "order of system blocks",
    ask("Hi", { system: [text("A"), text("B")] }),
    ask("Hi", { system: [text("B"), text("A")] }),
  ],
  [
    "system text as an earlier turn",
    ask("Hi", { system: "S" }),
    {
      ...ask("Hi"),
      messages: [
        { role: "system", content: "S" },
        { role: "user", content: "Hi" },
      ],
    },
  ],
  ["cache_control inside an input", toolTurns({ input: mark }, {}), toolTurns({ input: {} }, {})],
  [
    "cache_control inside a schema",
    ask("Hi", { tools: [tool({ input_schema: mark })] }),
    ask("Hi", { tools: [tool({ input_schema: {} })] }),
  ],
  [
    "cache_control inside a document",
    ask([{ type: "document", source: mark }]),
    ask([{ type: "document", source: {} }]),
  ],
  ["cache_control of a message", ask("Hi"), { ...ask("Hi"), messages: [{ role: "user", content: "Hi", ...mark }] }],
  [
    "cache_control of tool_choice",
    ask("Hi", { tool_choice: { type: "auto", ...mark } }),
    ask("Hi", { tool_choice: { type: "auto" } }),
  ],
  ["a tool's input", toolTurns({}, {}), toolTurns({ input: { a: 2 } }, {})],
  ["a tool call's id", toolTurns({}, {}), toolTurns({ id: "t2" }, {})],
  ["a tool's result", toolTurns({}, {}), toolTurns({}, { content: "43" })],
  ["a tool's error", toolTurns({}, {}), toolTurns({}, { is_error: true })],
  ["a tool's error, false and absent", toolTurns({}, {}), toolTurns({}, { is_error: false })],
  ["a tool's empty result", toolTurns({}, { content: "" }), toolTurns({}, { content: [] })],
  [
    "a tool type, custom and absent",
    ask("Hi", { tools: [tool({ type: "custom" })] }),
    ask("Hi", { tools: [tool({})] }),
  ],
  [
    "thinking",
    ask("Hi", { thinking: { type: "enabled", budget_tokens: 1024 } }),
    ask("Hi", { thinking: { type: "enabled", budget_tokens: 2048 } }),
  ],
  ["thinking and none", ask("Hi", { thinking: { type: "disabled" } }), ask("Hi")],
  [
    "a signature in an earlier turn",
    turns("A", [{ type: "thinking", thinking: "x", signature: "1" }, text("B")], "C"),
    turns("A", [{ type: "thinking", thinking: "x", signature: "2" }, text("B")], "C"),
  ],
  [
    "thoughts in an earlier turn",
    turns("A", [{ type: "thinking", thinking: "x", signature: "1" }, text("B")], "C"),
    turns("A", "B", "C"),
  ],
  [
    "an image",
    ask([{ type: "image", source: { data: "AA==" } }, text("What?")]),
    ask([{ type: "image", source: { data: "AQ==" } }, text("What?")]),
  ],
  ["an image and none", ask([{ type: "image", source: { data: "AA==" } }, text("What?")]), ask("What?")],
  [
    "text before and after an image",
    ask([{ type: "image", source: {} }, text("A")]),
    ask([text("A"), { type: "image", source: {} }]),
  ],
  [
    "an image's text is no prompt",
    ask([{ type: "image", source: {} }, text("A")]),
    ask([{ type: "image", source: {} }, text("B")]),
  ],
  ["prefill", turns("A", "{"), turns("A", "[")],
  ["prefill and none", turns("A", "{"), turns("A")],
  ["a user field of the other API", ask("Hi", { user: "1" }), ask("Hi", { user: "2" })],
  ["container null and none", ask("Hi", { container: null }), ask("Hi")],
];

const call = (args: string, more: JsonObject = {}): JsonObject => ({
  ...ask("B"),
  messages: [
    { role: "user", content: "A" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "get", arguments: args } }],
    },
    { role: "tool", tool_call_id: "c1", content: "42", ...more },
    { role: "assistant", content: "x" },
    { role: "user", content: "B" },
  ],
});
const told = (role: string, content: JsonValue): JsonObject => ({
  ...ask("Hi"),
  messages: [
    { role, content },
    { role: "user", content: "Hi" },
  ],
});
const functionTool = (parameters: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: "function",
  function: { name: "get", parameters, ...more },
});

const sameInOpenai: readonly Pair[] = [
  ["user", ask("Hi", { user: "1" }), ask("Hi", { user: "2" })],
  ["store", ask("Hi", { store: true }), ask("Hi", { store: false })],
  ["stream options", ask("Hi", { stream: true, stream_options: { include_usage: true } }), ask("Hi")],
  ["safety identifier", ask("Hi", { safety_identifier: "x" }), ask("Hi")],
  ["prompt cache key", ask("Hi", { prompt_cache_key: "x" }), ask("Hi", { prompt_cache_retention: "24h" })],
  ["system as string and part", told("system", "S"), told("system", [text("S")])],
  ["a tool's result as string and part", call("{}"), call("{}", { content: [text("42")] })],
];

const differentFrameInOpenai: readonly Pair[] = [
  ["system and developer", told("system", "S"), told("developer", "S")],
  ["system and user", told("system", "S"), told("user", "S")],
  ["system text", told("system", "S"), told("system", "s")],
  [
    "where the system message stands",
    told("system", "S"),
    {
      ...ask("Hi"),
      messages: [
        { role: "user", content: "Hi" },
        { role: "system", content: "S" },
      ],
    },
  ],
  ["arguments as text", call('{"a":1}'), call('{"a": 1}')],
  ["a tool's result", call("{}"), call("{}", { content: "43" })],
  ["a tool call's id", call("{}"), call("{}", { tool_call_id: "c2" })],
  ["tool parameters", ask("Hi", { tools: [functionTool({ a: 1 })] }), ask("Hi", { tools: [functionTool({ a: 2 })] })],
  [
    "cache_control inside parameters",
    ask("Hi", { tools: [functionTool(mark)] }),
    ask("Hi", { tools: [functionTool({})] }),
  ],
  ["strict", ask("Hi", { tools: [functionTool({}, { strict: true })] }), ask("Hi", { tools: [functionTool({})] })],
  ["parallel tool calls", ask("Hi", { parallel_tool_calls: false }), ask("Hi")],
  [
    "response format",
    ask("Hi", { response_format: { type: "json_object" } }),
    ask("Hi", { response_format: { type: "text" } }),
  ],
  ["max_tokens and its successor", ask("Hi", { max_completion_tokens: 100 }), ask("Hi")],
  ["n", ask("Hi", { n: 1 }), ask("Hi", { n: 2 })],
  ["n 1 and absent", ask("Hi", { n: 1 }), ask("Hi")],
  ["logit bias", ask("Hi", { logit_bias: { "1": 1 } }), ask("Hi", { logit_bias: { "1": 2 } })],
  ["seed", ask("Hi", { seed: 1 }), ask("Hi", { seed: 2 })],
  ["reasoning effort", ask("Hi", { reasoning_effort: "low" }), ask("Hi", { reasoning_effort: "high" })],
  [
    "an image's address",
    ask([text("What?"), { type: "image_url", image_url: { url: "https://a/1.png" } }]),
    ask([text("What?"), { type: "image_url", image_url: { url: "https://a/2.png" } }]),
  ],
  [
    "an image's detail",
    ask([text("?"), { type: "image_url", image_url: { url: "u", detail: "low" } }]),
    ask([text("?"), { type: "image_url", image_url: { url: "u", detail: "high" } }]),
  ],
  [
    "an answer's refusal",
    turns("A", "B", "C"),
    {
      ...turns("A", "B", "C"),
      messages: [
        { role: "user", content: "A" },
        { role: "assistant", content: "B", refusal: "no" },
        { role: "user", content: "C" },
      ],
    },
  ],
];

describe.each<[DialectName, Record<"same" | "different", readonly Pair[]>]>([
  ["openai-chat", { same: sameInOpenai, different: differentFrameInOpenai }],
  ["anthropic-messages", { same: sameInAnthropic, different: differentFrameInAnthropic }],
])("%s", (dialect, own) => {
  it.each([...sameInBoth, ...own.same])("one request: %s", (_, a, b) => {
    expect(frameOf(dialect, a)).toBe(frameOf(dialect, b));
    expect(interpret(dialect, a).prompt).toEqual(interpret(dialect, b).prompt);
    expect(interpret(dialect, a).exactOnly).toBe(interpret(dialect, b).exactOnly);
  });

  it.each([...sameFrameInBoth, ...differentPromptInBoth])("one frame, two prompts: %s", (_, a, b) => {
    expect(frameOf(dialect, a)).toBe(frameOf(dialect, b));
    expect(interpret(dialect, a).prompt).not.toEqual(interpret(dialect, b).prompt);
  });

  it.each([...differentFrameInBoth, ...own.different])("two frames: %s", (_, a, b) => {
    expect(frameOf(dialect, a)).not.toBe(frameOf(dialect, b));
  });
});
