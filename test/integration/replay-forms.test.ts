import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace, message, type Answer, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { fixed } from "../support/imitation/faults.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider({ compress: true });
  semcache = await startSemcache(provider.url);
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const question = "How do I reset my password?";
const paraphrase = "How can I reset my password?";

interface Json {
  readonly [key: string]: unknown;
}

/** The data events of a stream, `[DONE]` last; names are checked against the data where there are any. */
function events(answer: Answer): Json[] {
  expect(answer.header("content-type")).toMatch(/^text\/event-stream/u);
  const blocks = answer.text.split("\n\n");
  expect(blocks.pop()).toBe("");
  return blocks.map((block) => {
    const data =
      block
        .split("\n")
        .findLast((line) => line.startsWith("data: "))
        ?.slice("data: ".length) ?? "";
    return data === "[DONE]" ? { done: true } : (JSON.parse(data) as Json);
  });
}

const plain = {};
const streamed = { stream: true };
const withUsage = { stream: true, stream_options: { include_usage: true } };
const tools = {
  tools: [
    {
      type: "function",
      function: {
        name: "weather",
        parameters: { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } },
      },
    },
    {
      type: "function",
      function: { name: "time", parameters: { type: "object", properties: { zone: { enum: ["UTC"] } } } },
    },
  ],
};

describe("OpenAI: what was recorded in one form is replayed in another", () => {
  const forms = { plain, streamed, withUsage };
  type Form = keyof typeof forms;
  const names = Object.keys(forms) as Form[];
  const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));
  const contents: readonly [string, string, object][] = [
    ["text", question, {}],
    ["reasoning", `${question} [[reasoning]]`, {}],
    ["a refusal", `${question} [[refusal]]`, {}],
    ["a cut answer", `${question} [[length]]`, {}],
    ["a long answer", `${question} [[long]]`, {}],
    ["parallel tool calls", question, tools],
    ["choices", question, { n: 2 }],
  ];

  describe.each(contents)("%s", (_, prompt, changes) => {
    it.each(pairs)("%s to %s", async (first, second) => {
      const headers = [freshNamespace()];
      const recorded = await ask(semcache.port, { headers, body: chat(prompt, { ...changes, ...forms[first] }) });
      const replayed = await ask(semcache.port, { headers, body: chat(prompt, { ...changes, ...forms[second] }) });
      expect(replayed.outcome).toBe("hit/exact");
      const [before, after] = [read(recorded, forms[first]), read(replayed, forms[second])];
      expect({ ...after, usage: null }).toEqual({ ...before, usage: null });
      // Usage is there where it was asked for: as it was recorded, zeros where it was not.
      const known = first !== "streamed";
      const zeros: unknown = expect.objectContaining({ total_tokens: 0 });
      expect(after["usage"] ?? null).toEqual(second === "streamed" ? null : known ? before["usage"] : zeros);
      expect(replayed.header("x-semcache-usage")).toBe(known ? null : "unknown");
      expect(replayed.header("x-semcache-saved-tokens") === null).toBe(!known);
    });
  });

  /** What a client makes of the answer: the completion, whatever form it came in. */
  function read(answer: Answer, form: object): Json {
    if (!("stream" in form)) return readJson(answer);
    const chunks = events(answer);
    expect(chunks.pop()).toEqual({ done: true });
    const last = "stream_options" in form ? chunks.pop() : undefined;
    expect(last?.["choices"] ?? []).toEqual([]);
    // With include_usage every other chunk says that it has none; without it none speaks of usage.
    expect(new Set(chunks.map((chunk) => chunk["usage"]))).toEqual(new Set([last ? null : undefined]));
    const choices = new Map<number, { message: Record<string, unknown>; finish_reason: unknown }>();
    for (const chunk of chunks) {
      for (const choice of chunk["choices"] as Json[]) addDelta(choices, choice);
    }
    const { id, created, model, system_fingerprint } = chunks[0] as Json;
    return { id, created, model, system_fingerprint, choices: [...choices.values()].map(tidy), usage: last?.["usage"] };
  }

  function readJson(answer: Answer): Json {
    expect(answer.header("content-type")).toBe("application/json");
    const { id, created, model, system_fingerprint, choices, usage } = answer.json() as Json;
    const kept = (choices as Json[]).map(({ message: said, finish_reason }) =>
      tidy({ message: said as Json, finish_reason }),
    );
    return { id, created, model, system_fingerprint, choices: kept, usage };
  }

  function addDelta(choices: Map<number, { message: Record<string, unknown>; finish_reason: unknown }>, choice: Json) {
    const index = choice["index"] as number;
    const known = choices.get(index) ?? { message: {}, finish_reason: null };
    choices.set(index, known);
    assert.equal(known.finish_reason, null);
    known.finish_reason = choice["finish_reason"];
    for (const [name, value] of Object.entries(choice["delta"] as Json)) {
      if (name === "tool_calls") addCalls(known.message, value as Json[]);
      else if (typeof value === "string" && name !== "role")
        known.message[name] = `${String(known.message[name] ?? "")}${value}`;
      else known.message[name] ??= value;
    }
  }

  function addCalls(said: Record<string, unknown>, deltas: Json[]) {
    const calls = (said["tool_calls"] ??= []) as Record<string, unknown>[];
    for (const { index, id, type, function: part } of deltas) {
      const { name, arguments: text } = part as { name?: string; arguments: string };
      const call = (calls[index as number] ??= { id, type, function: { name, arguments: "" } });
      (call["function"] as { arguments: string }).arguments += text;
    }
  }

  /** Null, empty and absent members say the same. */
  function tidy({ message: said, finish_reason }: { message: Json; finish_reason: unknown }): Json {
    const filled = Object.entries(said).filter(
      ([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
    );
    return { message: Object.fromEntries(filled), finish_reason };
  }

  it("a semantic hit comes in the form of the request, not of the entry", async () => {
    const headers = [freshNamespace()];
    const json = await ask(semcache.port, { headers, body: chat(question) });
    const stream = await ask(semcache.port, { headers, body: chat(paraphrase, streamed) });
    expect(stream.outcome).toBe("hit/semantic");
    expect(read(stream, streamed)["choices"]).toEqual(read(json, plain)["choices"]);
  });

  it("JSON becomes pieces of at most 4 KiB, cut at code points", async () => {
    const headers = [freshNamespace()];
    const content = "naïve 👩‍🚀 ".repeat(1_000);
    const body = {
      id: "c",
      object: "chat.completion",
      created: 1,
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    };
    provider.script(
      fixed({
        status: 200,
        headers: [["content-type", "application/json"]],
        parts: [Buffer.from(JSON.stringify(body))],
      }),
    );
    await ask(semcache.port, { headers, body: chat(question) });
    const chunks = events(await ask(semcache.port, { headers, body: chat(question, streamed) })).slice(0, -1);
    const deltas = chunks.map(
      (chunk) => ((chunk["choices"] as Json[])[0] as Json)["delta"] as { role?: string; content?: string },
    );
    expect(deltas[0]?.role).toBe("assistant");
    expect(deltas.at(-1)).toEqual({});
    expect(deltas.map((delta) => delta.content ?? "").join("")).toBe(content);
    for (const { content: piece = "" } of deltas) {
      expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(4096);
      expect(piece.isWellFormed()).toBe(true);
    }
  });

  it("Mistral's usage inside its last chunk stays", async () => {
    const headers = [freshNamespace()];
    const first = await ask(semcache.port, { headers, body: chat(question, { model: "mistral-small", ...streamed }) });
    const again = await ask(semcache.port, { headers, body: chat(question, { model: "mistral-small", ...streamed }) });
    expect(again.outcome).toBe("hit/exact");
    expect(again.text).toBe(first.text);
    expect(again.text).toContain('"usage":{"prompt_tokens"');
  });

  it("DeepSeek's comments are not replayed, its reasoning is", async () => {
    const headers = [freshNamespace()];
    const prompt = `${question} [[reasoning]]`;
    const first = await ask(semcache.port, {
      headers,
      body: chat(prompt, { model: "deepseek-reasoner", ...streamed }),
    });
    expect(first.text).toContain(": keep-alive");
    const again = await ask(semcache.port, {
      headers,
      body: chat(prompt, { model: "deepseek-reasoner", ...streamed }),
    });
    expect(again.text).toBe(first.text.replace(": keep-alive\n\n", ""));
    const json = await ask(semcache.port, { headers, body: chat(prompt, { model: "deepseek-reasoner" }) });
    expect(JSON.stringify(json.json())).toContain("First, what is asked?");
  });
});

describe("Anthropic: what was recorded in one form is replayed in the other", () => {
  const path = "/v1/messages";
  const weather = {
    tools: [
      { name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } } } },
      { name: "time", input_schema: { type: "object", properties: {} } },
    ],
  };
  const contents: readonly [string, string, object][] = [
    ["text", question, {}],
    ["thinking", question, { max_tokens: 4096, thinking: { type: "enabled", budget_tokens: 1024 } }],
    [
      "redacted thinking",
      `${question} [[redacted_thinking]]`,
      { max_tokens: 4096, thinking: { type: "enabled", budget_tokens: 1024 } },
    ],
    ["parallel tool calls", question, weather],
    ["a stop sequence", `${question} [[stop_sequence]]`, {}],
    ["a cut answer", `${question} [[length]]`, {}],
    ["a long answer", `${question} [[long]]`, {}],
  ];
  const pairs = [
    [plain, plain],
    [plain, streamed],
    [streamed, plain],
    [streamed, streamed],
  ] as const;

  describe.each(contents)("%s", (_, prompt, changes) => {
    it.each(pairs)("%j to %j", async (first, second) => {
      const headers = [freshNamespace()];
      const recorded = await ask(semcache.port, { path, headers, body: message(prompt, { ...changes, ...first }) });
      const replayed = await ask(semcache.port, { path, headers, body: message(prompt, { ...changes, ...second }) });
      expect(replayed.outcome).toBe("hit/exact");
      expect(read(replayed, second)).toEqual(read(recorded, first));
      expect(Number(replayed.header("x-semcache-saved-tokens"))).toBeGreaterThan(0);
      expect(provider.requests).toHaveLength(1);
    });
  });

  function read(answer: Answer, form: object): Json {
    if (!("stream" in form)) {
      assert.equal(answer.header("content-type"), "application/json");
      return answer.json() as Json;
    }
    let whole: Record<string, unknown> = {};
    const blocks: Record<string, unknown>[] = [];
    let inputs: string[] = [];
    for (const event of events(answer)) {
      const index = event["index"] as number;
      switch (event["type"]) {
        case "message_start":
          whole = { ...(event["message"] as Json) };
          break;
        case "content_block_start":
          assert.equal(index, blocks.length);
          blocks.push({ ...(event["content_block"] as Json) });
          inputs = [];
          break;
        case "content_block_delta": {
          const { type, ...members } = event["delta"] as Record<string, string>;
          const block = blocks[index] ?? {};
          if (type === "input_json_delta") inputs.push(members["partial_json"] ?? "");
          else for (const [name, value] of Object.entries(members)) block[name] = `${String(block[name])}${value}`;
          break;
        }
        case "content_block_stop":
          if (inputs.join("") !== "") (blocks[index] ?? {})["input"] = JSON.parse(inputs.join(""));
          break;
        case "message_delta":
          Object.assign(whole, event["delta"]);
          whole["usage"] = { ...(whole["usage"] as Json), ...(event["usage"] as Json) };
          break;
        default:
          assert.ok(event["type"] === "ping" || event["type"] === "message_stop");
      }
    }
    return { ...whole, content: blocks };
  }
});

describe("answers that have one form only", () => {
  const sse = (...chunks: object[]) =>
    [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), "data: [DONE]\n\n"].map((event) =>
      Buffer.from(event),
    );
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta, finish_reason }],
  });

  it("are a miss in the other (no-conversion), and stay in theirs", async () => {
    const headers = [freshNamespace()];
    const parts = sse(chunk({ role: "assistant", content: "yes", hologram: { x: 1 } }), chunk({}, "stop"));
    provider.script(fixed({ status: 200, headers: [["content-type", "text/event-stream"]], parts }));
    const first = await ask(semcache.port, { headers, body: chat(question, streamed) });
    const other = await ask(semcache.port, { headers, body: chat(question) });
    expect(other.outcome).toBe("miss/no-conversion");
    expect(provider.requests).toHaveLength(2);
    expect(first.text).toContain("hologram");
    // The answer to the second request took the entry's place: it can be given in both forms.
    expect((await ask(semcache.port, { headers, body: chat(question, streamed) })).outcome).toBe("hit/exact");
    expect((await ask(semcache.port, { headers, body: chat(question) })).text).toBe(other.text);
  });

  it("are not given to a paraphrase in the other form either", async () => {
    const headers = [freshNamespace()];
    const parts = sse(
      chunk({ role: "assistant", content: "yes", reasoning_details: [{ x: 1 }], hologram: "a" }),
      chunk({}, "stop"),
    );
    provider.script(fixed({ status: 200, headers: [["content-type", "text/event-stream"]], parts }));
    await ask(semcache.port, { headers, body: chat(question, streamed) });
    expect((await ask(semcache.port, { headers, body: chat(paraphrase) })).outcome).toBe("miss/no-conversion");
  });
});

describe("the headers of a hit", () => {
  const listed: HeaderList = [
    ["authorization", "Bearer key-one"],
    ["accept-encoding", "gzip, br"],
  ];
  const names = ({ rawHeaders }: Answer) =>
    rawHeaders
      .filter((_, index) => index % 2 === 0)
      .map((name) => name.toLowerCase())
      .sort();
  const framing = new Set(["connection", "content-length", "date", "keep-alive"]);

  it("are ours, and two of the provider's", async () => {
    const headers = [freshNamespace(), ...listed];
    const first = await ask(semcache.port, { headers, body: chat(question) });
    expect(first.header("content-encoding")).toBe("br");
    expect(first.header("set-cookie")).not.toBeNull();
    expect(names(first)).not.toContain("x-semcache-entry");
    const hit = await ask(semcache.port, { headers, body: chat(question) });
    expect(names(hit).filter((name) => !framing.has(name))).toEqual([
      "age",
      "content-type",
      "openai-version",
      "x-cache-status",
      "x-semcache-confidence",
      "x-semcache-entry",
      "x-semcache-frame",
      "x-semcache-match",
      "x-semcache-request",
      "x-semcache-saved-tokens",
      "x-semcache-similarity",
    ]);
    expect(hit.header("openai-version")).toBe("2020-10-01");
    expect(hit.header("x-semcache-similarity")).toBe("1");
    expect(hit.header("x-semcache-confidence")).toBe("1");
    expect(hit.header("age")).toMatch(/^\d+$/u);
    expect(hit.header("x-semcache-frame")).toBe(first.header("x-semcache-frame"));
    const { usage } = hit.json() as { usage: { total_tokens: number } };
    expect(hit.header("x-semcache-saved-tokens")).toBe(String(usage.total_tokens));
    expect(hit.id).not.toBe(first.id);
  });

  it("tell of the judgement on a semantic hit", async () => {
    const headers = [freshNamespace(), ...listed];
    await ask(semcache.port, { headers, body: chat(question) });
    const hit = await ask(semcache.port, { headers, body: chat(paraphrase) });
    expect(hit.outcome).toBe("hit/semantic");
    for (const name of ["x-semcache-similarity", "x-semcache-confidence"]) {
      const value = Number(hit.header(name));
      expect(value).toBeGreaterThan(0.5);
      expect(value).toBeLessThanOrEqual(1);
    }
    expect(hit.header("x-semcache-reason")).toBeNull();
  });

  it("say that the usage is not known", async () => {
    const headers = [freshNamespace()];
    await ask(semcache.port, { headers, body: chat(question, streamed) });
    const hit = await ask(semcache.port, { headers, body: chat(question) });
    expect(hit.header("x-semcache-usage")).toBe("unknown");
    expect(hit.header("x-semcache-saved-tokens")).toBeNull();
    expect(hit.json()).toMatchObject({ usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } });
  });

  it("a miss has the provider's headers, all of them, and ours", async () => {
    const direct = await ask(provider.port, { headers: listed, body: chat(question) });
    const miss = await ask(semcache.port, { headers: [freshNamespace(), ...listed], body: chat(question) });
    expect(names(miss).filter((name) => !names(direct).includes(name))).toEqual([
      "x-cache-status",
      "x-semcache-frame",
      "x-semcache-reason",
      "x-semcache-request",
    ]);
    const missing = names(direct).filter((name) => !names(miss).includes(name));
    expect(missing.filter((name) => !framing.has(name))).toEqual([]);
  });
});
