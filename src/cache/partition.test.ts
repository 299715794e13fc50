import { describe, expect, test } from "vitest";
import type { FrameParts } from "../model/interpretation.ts";
import type { TenantId } from "../model/keys.ts";
import { toExactKey, toPartitionKey, type PartitionInput } from "./partition.ts";

const frame: FrameParts = {
  model: '"gpt-5"',
  system: '["Be brief"]',
  history: "",
  tools: "",
  parameters: '{"temperature":0}',
};
const input: PartitionInput = {
  tenant: "tenant" as TenantId,
  namespace: "default",
  dialect: "openai-chat",
  url: new URL("https://api.openai.com/v1/chat/completions?a=1"),
  rawHeaders: ["Anthropic-Version", "2023-06-01", "Anthropic-Beta", "b, a", "X-Vary", "1"],
  varyHeaders: ["x-vary"],
  ignoreFields: ["session_id"],
  frame,
};
const base = toPartitionKey(input);

function withHeaders(...rawHeaders: readonly string[]): string {
  return toPartitionKey({ ...input, rawHeaders }).partition;
}

describe("toPartitionKey", () => {
  test("has the documented forms", () => {
    expect(base.partition).toMatch(/^[\w-]{43}$/);
    expect(base.frameDigest).toMatch(/^[\da-f]{8}$/);
    expect(Object.keys(base.parts)).toEqual(["model", "system", "history", "tools", "parameters", "headers"]);
    for (const part of Object.values(base.parts)) expect(part).toMatch(/^[\w-]{11}$/);
  });

  test("is the same for the same request, and knows no header that does not change answers", () => {
    const more = [
      ["x-stainless-lang", "js"],
      ["User-Agent", "openai/6"],
      ["Idempotency-Key", "1"],
      ["x-request-id", "2"],
      ["traceparent", "00-1-2-01"],
      ["Accept", "text/event-stream"],
      ["accept-encoding", "br"],
      ["accept-language", "de"],
      ["authorization", "Bearer x"],
      ["content-length", "5"],
      ["x-semcache-tags", "a"],
      ["anthropic-version-x", "1"],
    ].flat();
    expect(toPartitionKey({ ...input, rawHeaders: [...more, ...input.rawHeaders] })).toEqual(base);
  });

  test.each<readonly [string, Partial<PartitionInput>]>([
    ["tenant", { tenant: "other" as TenantId }],
    ["namespace", { namespace: "n" }],
    ["dialect", { dialect: "generic-json" }],
    ["origin", { url: new URL("https://api.example.com/v1/chat/completions?a=1") }],
    ["port", { url: new URL("https://api.openai.com:444/v1/chat/completions?a=1") }],
    ["path", { url: new URL("https://api.openai.com/v1/chat/Completions?a=1") }],
    ["query", { url: new URL("https://api.openai.com/v1/chat/completions?a=2") }],
    ["model", { frame: { ...frame, model: '"gpt-5-mini"' } }],
    ["system", { frame: { ...frame, system: '["be brief"]' } }],
    ["history", { frame: { ...frame, history: "[]" } }],
    ["tools", { frame: { ...frame, tools: "[]" } }],
    ["parameters", { frame: { ...frame, parameters: '{"temperature":1}' } }],
    ["the place of a text", { frame: { ...frame, history: frame.system, system: "" } }],
    [
      "a vary header's name",
      { varyHeaders: ["x-other"], rawHeaders: [...input.rawHeaders.slice(0, 4), "x-other", "1"] },
    ],
    ["no vary header", { varyHeaders: [] }],
    ["a vary header that the request has not", { varyHeaders: ["x-vary", "x-absent"] }],
    ["no ignored field", { ignoreFields: [] }],
    ["an ignored field more", { ignoreFields: ["session_id", "trace"] }],
    ["list in which a name is", { varyHeaders: ["x-vary", "session_id"], ignoreFields: [] }],
  ])("another %s is another partition", (_, changes) => {
    expect(toPartitionKey({ ...input, ...changes }).partition).not.toBe(base.partition);
  });

  test.each(["anthropic-version", "anthropic-beta", "openai-beta", "openai-organization", "openai-project", "x-vary"])(
    "%s counts: absent, empty or another value are three things; its name's case is none",
    (name) => {
      const rest = input.rawHeaders.filter((_, index, all) => all[index - (index % 2)]?.toLowerCase() !== name);
      const keys = [
        withHeaders(...rest),
        withHeaders(...rest, name, ""),
        withHeaders(...rest, name, "v"),
        withHeaders(...rest, name, "V"),
      ];
      expect(new Set(keys).size).toBe(4);
      expect(withHeaders(...rest, name.toUpperCase(), "v")).toBe(keys[2]);
    },
  );

  test("flags are compared without their order, on any number of lines; other headers as they are", () => {
    const flags = withHeaders("anthropic-beta", "b, a,c");
    expect(withHeaders("anthropic-beta", "c,b,a")).toBe(flags);
    expect(withHeaders("anthropic-beta", "c", "Anthropic-Beta", "a , b")).toBe(flags);
    expect(withHeaders("anthropic-beta", "a,b")).not.toBe(flags);
    expect(withHeaders("anthropic-beta", "A,b,c")).not.toBe(flags);
    expect(withHeaders("openai-beta", "a,b,c")).not.toBe(flags);
    expect(withHeaders("openai-beta", "y,x")).toBe(withHeaders("openai-beta", "x, y"));
    const list = ["a,b", "b,a", "a, b"].map((value) => withHeaders("x-vary", value));
    list.push(withHeaders("x-vary", "a", "x-vary", "b"), withHeaders("x-vary", "b", "x-vary", "a"));
    expect(new Set(list).size).toBe(5);
  });

  test("the order of the configured lists means nothing", () => {
    const of = (varyHeaders: readonly string[], ignoreFields: readonly string[]) =>
      toPartitionKey({ ...input, rawHeaders: ["x-b", "2", "x-a", "1"], varyHeaders, ignoreFields });
    expect(of(["x-b", "x-a"], ["g", "f", "g"])).toEqual(of(["x-a", "x-b"], ["f", "g"]));
  });

  test("keys of the default configuration stay what they were: stored answers are found", () => {
    expect(toPartitionKey({ ...input, varyHeaders: [], ignoreFields: [] }).partition).toBe(
      "BEZ3nPFWd6L6AJ3Z2Z2Dwr1GzVTf--xTpY5QUwXySV0",
    );
  });

  test("a built-in header that is configured too, or twice, counts once", () => {
    expect(toPartitionKey({ ...input, varyHeaders: ["x-vary", "anthropic-beta", "x-vary"] })).toEqual(base);
  });

  test("the frame's digest is the same whoever asks, and the parts name the difference", () => {
    const other = toPartitionKey({
      ...input,
      tenant: "other" as TenantId,
      namespace: "n",
      frame: { ...frame, tools: "[1]" },
    });
    expect(other.frameDigest).not.toBe(base.frameDigest);
    expect(other.parts).toEqual({ ...base.parts, tools: other.parts.tools });
    expect(other.parts.tools).not.toBe(base.parts.tools);
    expect(toPartitionKey({ ...input, tenant: "other" as TenantId }).frameDigest).toBe(base.frameDigest);
    expect(toPartitionKey({ ...input, rawHeaders: [] }).frameDigest).not.toBe(base.frameDigest);
  });
});

describe("toExactKey", () => {
  test("tells apart what could be joined into the same text", () => {
    const prompts = [
      null,
      [],
      [""],
      ["", ""],
      ["a\nb"],
      ["a", "b"],
      ["b", "a"],
      ["ab"],
      ["A", "b"],
      ['a","b'],
      ["null"],
      ["a\u0000b"],
    ];
    const keys = prompts.map((prompt) => toExactKey(base.partition, prompt));
    expect(new Set(keys).size).toBe(prompts.length);
    for (const key of keys) expect(key).toMatch(/^[\w-]{43}$/);
  });

  test("uses the text as it was sent", () => {
    const composed = "caf\u00E9";
    expect(toExactKey(base.partition, [composed])).not.toBe(toExactKey(base.partition, [composed.normalize("NFD")]));
    expect(toExactKey(base.partition, ["a"])).not.toBe(toExactKey(base.partition, ["a "]));
    expect(toExactKey(base.partition, ["\uD800"])).not.toBe(toExactKey(base.partition, ["\uFFFD"]));
  });

  test("belongs to its partition", () => {
    const other = toPartitionKey({ ...input, namespace: "n" }).partition;
    expect(toExactKey(other, ["a"])).not.toBe(toExactKey(base.partition, ["a"]));
  });
});
