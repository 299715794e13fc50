// Two requests share prompt and frame if and only if they are equal but for what cannot change an answer.
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { toCanonicalJson } from "#semcache/base/canonical-json.js";
import { isSemcacheError } from "#semcache/base/errors.js";
import type { JsonObject, JsonValue } from "#semcache/base/json.js";
import { anthropicMessages } from "#semcache/formats/anthropic-messages/anthropic-messages.js";
import { parsePromptPath } from "#semcache/formats/parse-prompt-path.js";
import type { Interpretation } from "#semcache/model/interpretation.js";

const NO_PATH = { promptPath: null, ignoreFields: [] };
const IGNORED: ReadonlySet<string> = new Set(["stream", "metadata", "service_tier", "cache_control"]);

function keyOf(interpretation: Interpretation): string {
  if (interpretation.kind === "uninterpreted") return `uninterpreted: ${interpretation.reason}`;
  return JSON.stringify([interpretation.prompt, interpretation.frame]);
}

/** Few words, so that equal values are common. */
const word = fc.constantFrom("", "a", "b", "text", "user", "__proto__");
const scalar = fc.oneof(word, fc.constantFrom(0, 1, 2.5, -1, true, false, null));
const mark = fc.constantFrom({ type: "ephemeral" }, { type: "ephemeral", ttl: "1h" }, null);
const data = fc.record({ cache_control: mark, a: scalar }, { requiredKeys: [] });
const textBlock = fc.record(
  { type: fc.constant("text"), text: word, cache_control: mark, citations: fc.constant(null) },
  { requiredKeys: ["type", "text"] },
);
const textContent = fc.oneof(word, fc.array(textBlock, { maxLength: 2 }));
const block = fc.oneof(
  { weight: 5, arbitrary: textBlock },
  {
    weight: 1,
    arbitrary: fc.record(
      { type: fc.constant("tool_use"), id: word, name: word, input: data, cache_control: mark },
      { requiredKeys: ["type", "input"] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record(
      { type: fc.constant("tool_result"), content: textContent, cache_control: mark, is_error: fc.boolean() },
      { requiredKeys: ["type"] },
    ),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("image"), source: data, cache_control: mark }) },
);
const message = fc.record(
  {
    role: fc.constantFrom("user", "user", "user", "assistant"),
    content: fc.oneof(word, fc.array(block, { maxLength: 2 })),
    extra: scalar,
  },
  { requiredKeys: ["role", "content"] },
);
const request = fc.record(
  {
    model: word,
    max_tokens: fc.constantFrom(1, 2),
    messages: fc.array(message, { minLength: 1, maxLength: 3 }),
    system: textContent,
    tools: fc.array(fc.record({ name: word, input_schema: data, cache_control: mark }, { requiredKeys: ["name"] }), {
      maxLength: 1,
    }),
    tool_choice: data,
    temperature: fc.constantFrom(0, 0.7, null),
    thinking: data,
    stream: fc.boolean(),
    metadata: data,
    service_tier: word,
    cache_control: mark,
    unknown: scalar,
  },
  { requiredKeys: ["messages"] },
) as fc.Arbitrary<JsonObject>;

function unmarked({ cache_control: _mark, ...rest }: JsonObject): JsonObject {
  return rest;
}

function plain(content: JsonValue | undefined): JsonValue {
  if (!Array.isArray(content)) return content ?? null;
  const blocks = (content as readonly JsonObject[]).map((each) => {
    const rest = unmarked(each);
    return rest["type"] === "tool_result" && "content" in rest ? { ...rest, content: plain(rest["content"]) } : rest;
  });
  const [only] = blocks;
  const isOneText = blocks.length === 1 && only?.["type"] === "text" && Object.keys(only).length === 2;
  return isOneText ? (only["text"] as JsonValue) : blocks;
}

/** The specification in a few lines: drop what is ignored, write one text block as a string, compare. */
function toSpecification(body: JsonObject): string {
  const members = Object.entries(body).flatMap(([name, value]): [string, JsonValue][] => {
    if (IGNORED.has(name)) return [];
    if (name === "system") return [[name, plain(value)]];
    if (name === "tools") return [[name, (value as readonly JsonObject[]).map(unmarked)]];
    if (name !== "messages") return [[name, value]];
    return [[name, (value as readonly JsonObject[]).map((each) => ({ ...each, content: plain(each["content"]) }))]];
  });
  return toCanonicalJson(Object.fromEntries(members));
}

function isSame(a: JsonObject, b: JsonObject): boolean {
  return keyOf(anthropicMessages.interpret(a, NO_PATH)) === keyOf(anthropicMessages.interpret(b, NO_PATH));
}

it("gives equal keys exactly to requests that are equal after removing ignored fields", () => {
  fc.assert(
    fc.property(request, request, (a, b) => {
      expect(isSame(a, b)).toBe(toSpecification(a) === toSpecification(b));
    }),
    { numRuns: 1_500 },
  );
});

it("tells apart every two neighbours: one field changed, removed or added", () => {
  fc.assert(
    fc.property(request, request, fc.nat(), (a, other, seed) => {
      const names = [...new Set([...Object.keys(a), ...Object.keys(other)])];
      const name = names[seed % names.length] ?? "messages";
      const { [name]: changed, ...rest } = { ...a, ...(name in other ? { [name]: other[name] as JsonValue } : {}) };
      const b = name in other || name === "messages" ? { ...rest, [name]: changed as JsonValue } : rest;
      expect(isSame(a, b)).toBe(toSpecification(a) === toSpecification(b));
    }),
    { numRuns: 1_500 },
  );
});

it("tells apart requests whose last messages differ in one block", () => {
  const last = fc.array(block, { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(request, last, last, (body, one, other) => {
      const a = { ...body, messages: [{ role: "user", content: one as readonly JsonValue[] }] };
      const b = { ...body, messages: [{ role: "user", content: other as readonly JsonValue[] }] };
      expect(isSame(a, b)).toBe(toSpecification(a) === toSpecification(b));
    }),
    { numRuns: 1_500 },
  );
});

function read(body: JsonObject, path: string | null): Interpretation | null {
  try {
    return anthropicMessages.interpret(body, { ...NO_PATH, promptPath: path === null ? null : parsePromptPath(path) });
  } catch (error) {
    if (isSemcacheError(error, "prompt-path-no-match")) return null;
    throw error;
  }
}

/** Of the paths below, only this one can say what the rule without a path says. */
function isLastContent(body: JsonObject, path: string | null): boolean {
  return path === "$.messages[0].content" && (body["messages"] as readonly JsonValue[]).length === 1;
}

it("never lets a body imitate a prompt path, and tells prompt paths apart", () => {
  const paths = ["$.messages[0].content", "$.system", "$.model", "$.unknown", "$.messages[0].extra"];
  const path = fc.option(fc.constantFrom(...paths));
  fc.assert(
    fc.property(request, request, path, path, (a, b, pathA, pathB) => {
      const first = read(a, pathA);
      const second = read(b, pathB);
      fc.pre(first?.kind === "interpreted" && second?.kind === "interpreted");
      const sameWay = (isLastContent(a, pathA) ? null : pathA) === (isLastContent(b, pathB) ? null : pathB);
      const equal = keyOf(first as Interpretation) === keyOf(second as Interpretation);
      expect(equal).toBe(sameWay && toSpecification(a) === toSpecification(b));
    }),
    { numRuns: 1_500 },
  );
});

it("takes any JSON without an exception", () => {
  const json = fc.jsonValue({ maxDepth: 5 }) as fc.Arbitrary<JsonValue>;
  const near = fc.record(
    {
      model: fc.oneof(word, json),
      messages: fc.oneof(json, fc.array(fc.oneof(json, message, fc.record({ role: json, content: json })))),
      system: json,
      tools: json,
      temperature: json,
      stream: json,
      container: json,
    },
    { requiredKeys: ["messages"] },
  ) as fc.Arbitrary<JsonValue>;
  fc.assert(
    fc.property(fc.oneof(json, near), (body) => {
      expect(["interpreted", "uninterpreted"]).toContain(anthropicMessages.interpret(body, NO_PATH).kind);
    }),
    { numRuns: 1_000 },
  );
});
