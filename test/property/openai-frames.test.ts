// Two requests share prompt and frame if and only if they are equal but for what cannot change an answer.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCanonicalJson } from "#semcache/base/canonical-json.js";
import { isSemcacheError } from "#semcache/base/errors.js";
import { parseFaithfulJson, type JsonObject, type JsonValue } from "#semcache/base/json.js";
import type { Dialect } from "#semcache/formats/dialect.js";
import { dialects } from "#semcache/formats/dialects.js";
import { IGNORED_FIELDS, STATEFUL_FIELDS } from "#semcache/formats/openai-chat/request-fields.js";
import { openaiChat } from "#semcache/formats/openai-chat/openai-chat.js";
import { parsePromptPath } from "#semcache/formats/parse-prompt-path.js";
import type { PromptPath } from "#semcache/formats/prompt-path.js";
import type { Interpretation } from "#semcache/model/interpretation.js";

const NO_PATH = { promptPath: null, ignoreFields: [] };

function keyOf(interpretation: Interpretation): string {
  if (interpretation.kind === "uninterpreted") return `uninterpreted: ${interpretation.reason}`;
  return JSON.stringify([interpretation.prompt, interpretation.frame]);
}

/** Few words, so that equal values are common. */
const word = fc.constantFrom("", "a", "b", "text", "user", "__proto__");
const scalar = fc.oneof(word, fc.constantFrom(0, 1, 2.5, -1, true, false, null));
const anyJson = fc.jsonValue({ maxDepth: 3 }).map((value) => value as JsonValue);
const textPart = fc.record(
  { type: fc.constant("text"), text: word, cache_control: fc.constant({ type: "ephemeral" }), extra: scalar },
  { requiredKeys: ["type", "text"] },
);
const part = fc.oneof(
  { weight: 5, arbitrary: textPart },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("image_url"), image_url: fc.record({ url: word }) }) },
);
const content = fc.oneof(word, fc.array(part, { maxLength: 3 }));
const message = fc.oneof(
  fc.record(
    { role: fc.constantFrom("system", "user", "user", "developer"), content, name: word },
    { requiredKeys: ["role", "content"] },
  ),
  fc.record(
    { role: fc.constant("assistant"), content, tool_calls: fc.array(fc.record({ id: word }), { maxLength: 1 }) },
    { requiredKeys: ["role"] },
  ),
  fc.record({ role: fc.constant("tool"), content, tool_call_id: word }),
);
const request = fc.record(
  {
    model: word,
    messages: fc.array(message, { minLength: 1, maxLength: 3 }),
    temperature: fc.constantFrom(0, 0.7, 1),
    n: fc.constantFrom(1, 2),
    seed: scalar,
    tools: fc.array(fc.record({ type: fc.constant("function"), function: fc.record({ name: word }) }), {
      maxLength: 1,
    }),
    stream: fc.boolean(),
    user: word,
    metadata: fc.dictionary(word, word, { maxKeys: 1 }),
    unknown: scalar,
  },
  { requiredKeys: ["messages"] },
) as fc.Arbitrary<JsonObject>;

/** The specification in a few lines: drop what is ignored, write one text block as a string, compare. */
function toSpecification(body: JsonObject): string {
  const kept = Object.entries(body).filter(([name]) => !IGNORED_FIELDS.has(name));
  const messages = (body["messages"] as readonly JsonObject[]).map((each) => {
    if (!Array.isArray(each["content"])) return each;
    const parts = (each["content"] as readonly JsonObject[]).map(({ cache_control: _mark, ...rest }) => rest);
    const [only] = parts;
    const isOneText = parts.length === 1 && only?.["type"] === "text" && Object.keys(only).length === 2;
    return { ...each, content: isOneText ? (only["text"] as JsonValue) : parts };
  });
  return toCanonicalJson(
    Object.fromEntries(kept.map(([name, value]) => [name, name === "messages" ? messages : value])),
  );
}

function shuffled(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => shuffled(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject)
      .reverse()
      .map(([name, member]) => [name, shuffled(member)]),
  );
}

describe("openai-chat", () => {
  it("gives equal keys exactly to requests that are equal after removing ignored fields", () => {
    fc.assert(
      fc.property(request, request, (a, b) => {
        const equal = toSpecification(a) === toSpecification(b);
        expect(keyOf(openaiChat.interpret(a, NO_PATH)) === keyOf(openaiChat.interpret(b, NO_PATH))).toBe(equal);
      }),
      { numRuns: 5_000 },
    );
  });

  it("tells apart every two neighbours: one member changed, removed or added anywhere", () => {
    fc.assert(
      fc.property(request, request, fc.nat(), (a, other, seed) => {
        const names = [...new Set([...Object.keys(a), ...Object.keys(other)])];
        const name = names[seed % names.length] ?? "messages";
        const b = name in other ? { ...a, [name]: other[name] as JsonValue } : { ...a };
        const equal = toSpecification(a) === toSpecification(b);
        expect(keyOf(openaiChat.interpret(a, NO_PATH)) === keyOf(openaiChat.interpret(b, NO_PATH))).toBe(equal);
      }),
      { numRuns: 5_000 },
    );
  });

  it("does not see member order and white space", () => {
    fc.assert(
      fc.property(request, (body) => {
        const pretty = parseFaithfulJson(Buffer.from(JSON.stringify(shuffled(body), null, 3)));
        expect(keyOf(openaiChat.interpret(pretty, NO_PATH))).toBe(keyOf(openaiChat.interpret(body, NO_PATH)));
      }),
    );
  });

  it("counts every unknown field", () => {
    const name = fc.string({ minLength: 1 }).filter((each) => !IGNORED_FIELDS.has(each) && !STATEFUL_FIELDS.has(each));
    fc.assert(
      fc.property(request, name, anyJson, (body, field, value) => {
        fc.pre(!Object.hasOwn(body, field));
        const changed = JSON.parse(
          `{${JSON.stringify(field)}:${JSON.stringify(value)},${JSON.stringify(body).slice(1)}`,
        ) as JsonObject;
        const key = keyOf(openaiChat.interpret(changed, NO_PATH));
        expect(key).not.toBe(keyOf(openaiChat.interpret(body, NO_PATH)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("never lets a body imitate a prompt path, and tells prompt paths apart", () => {
    const paths = ["$.messages[0].content", "$.model", "$.unknown", "$.messages[-1].name"].map((text) =>
      parsePromptPath(text),
    );
    const pathOrNone = fc.constantFrom(null, ...paths);
    fc.assert(
      fc.property(request, request, pathOrNone, pathOrNone, (a, b, pathA, pathB) => {
        const keys: string[] = [];
        const specifications: string[] = [];
        for (const [body, path] of [
          [a, pathA],
          [b, pathB],
        ] as const) {
          try {
            const interpretation = openaiChat.interpret(body, { promptPath: path, ignoreFields: [] });
            keys.push(keyOf(interpretation));
            const [location] = path?.select(body).map((node) => JSON.stringify(node.location)) ?? [];
            const last = JSON.stringify(["messages", (body["messages"] as readonly JsonValue[]).length - 1, "content"]);
            specifications.push(`${location === last ? "" : String(location)} ${toSpecification(body)}`);
          } catch (error) {
            if (!isSemcacheError(error, "prompt-path-no-match")) throw error;
            return;
          }
        }
        // What is ignored but selected counts; nothing here selects an ignored field.
        expect(keys[0] === keys[1]).toBe(specifications[0] === specifications[1]);
      }),
      { numRuns: 5_000 },
    );
  });
});

function interpretOrCode(dialect: Dialect, body: JsonValue, promptPath: PromptPath | null): string {
  try {
    return dialect.interpret(body, { promptPath, ignoreFields: ["a"] }).kind;
  } catch (error) {
    if (!isSemcacheError(error)) throw error;
    return error.code;
  }
}

describe("every dialect", () => {
  const paths = [null, "$.messages[-1].content", "$..content", "$.a", "$[?@.role == 'user'].content"];
  it.each(Object.values(dialects))("$name never throws on JSON, but for a prompt path", (dialect) => {
    const body = fc.oneof(
      anyJson,
      request,
      fc.record({ messages: anyJson }),
      fc.record({ messages: fc.array(anyJson) }),
    );
    fc.assert(
      fc.property(body, fc.constantFrom(...paths), (value, path) => {
        const promptPath = path === null ? null : parsePromptPath(path);
        expect(interpretOrCode(dialect, value as JsonValue, promptPath)).toMatch(
          /^(?:interpreted|uninterpreted|prompt-path-no-match|prompt-path-missing)$/,
        );
      }),
      { numRuns: 3_000 },
    );
  });
});

function genericKey(body: JsonObject, promptPath: PromptPath): string | null {
  try {
    return keyOf(dialects["generic-json"].interpret(body, { promptPath, ignoreFields: [] }));
  } catch (error) {
    if (!isSemcacheError(error, "prompt-path-no-match")) throw error;
    return null;
  }
}

describe("generic-json", () => {
  it("gives equal keys exactly to equal bodies with the prompt in the same place", () => {
    const paths = ["$.a", "$['text']", "$.model", "$.b[0]"].map((text) => parsePromptPath(text));
    const body = fc.record(
      { a: fc.oneof(word, scalar), text: word, model: scalar, b: fc.array(word, { maxLength: 2 }), stream: scalar },
      { requiredKeys: [] },
    ) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(body, body, fc.constantFrom(...paths), fc.constantFrom(...paths), (a, b, pathA, pathB) => {
        const [keyA, keyB] = [genericKey(a, pathA), genericKey(b, pathB)];
        fc.pre(keyA !== null && keyB !== null);
        expect(keyA === keyB).toBe(pathA === pathB && toCanonicalJson(a) === toCanonicalJson(b));
      }),
      { numRuns: 5_000 },
    );
  });
});
