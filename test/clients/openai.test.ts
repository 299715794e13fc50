import OpenAI, { AuthenticationError, InternalServerError } from "openai";
import { describe, expect, it } from "vitest";
import { collect } from "./collect.ts";
import { describeLibrary } from "./describe-library.ts";
import { connect, useSemcache } from "./set-up.ts";
import { openAiLibrary } from "./openai-library.ts";

const setUp = useSemcache();

function openClient(apiKey = "sk-imitation") {
  const { provider, semcache } = setUp();
  const { connection, seen } = connect(semcache.url, provider.url);
  return { openai: new OpenAI({ apiKey, baseURL: semcache.url, fetch: connection.fetch, maxRetries: 0 }), seen };
}

describeLibrary(openAiLibrary({ name: "openai, baseURL at the root", basePath: "", model: "gpt-4o" }), setUp);
describeLibrary(openAiLibrary({ name: "openai, baseURL at /v1", basePath: "/v1", model: "gpt-4o" }), setUp);
describeLibrary(
  openAiLibrary({ name: "openai to DeepSeek", basePath: "", model: "deepseek-chat", viaProxyHost: true }),
  setUp,
);
describeLibrary(
  openAiLibrary({ name: "openai to Mistral", basePath: "", model: "mistral-small-latest", viaProxyHost: true }),
  setUp,
);

describe("openai", () => {
  const messages = [{ role: "user" as const, content: "What is a key? [[reasoning]]" }];

  it("sends both base URLs to the same place, with one cache", async () => {
    const { provider, semcache } = setUp();
    const { connection, seen } = connect(semcache.url, provider.url);
    const open = (baseURL: string) => new OpenAI({ apiKey: "sk-one", baseURL, fetch: connection.fetch });
    const before = provider.requests.length;
    await open(semcache.url).chat.completions.create({ model: "gpt-4o", messages });
    await open(`${semcache.url}/v1`).chat.completions.create({ model: "gpt-4o", messages });
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
    expect(provider.requests.at(before)?.path).toBe("/v1/chat/completions");
  });

  it("gets reasoning from a stream in the plain form too", async () => {
    const { openai, seen } = openClient();
    const stream = await openai.chat.completions.create({ model: "deepseek-reasoner", messages, stream: true });
    let reasoning = "";
    for await (const { choices } of stream) {
      // Not in the library's types: a field of DeepSeek's.
      const delta = choices[0]?.delta as { reasoning_content?: string | null } | undefined;
      reasoning += delta?.reasoning_content ?? "";
    }
    const plain = await openai.chat.completions.create({ model: "deepseek-reasoner", messages });
    expect(reasoning).toContain("First, what is asked?");
    expect(plain.choices[0]?.message).toMatchObject({ reasoning_content: reasoning });
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
  });

  it("gets all choices again, and a refusal, from equal requests only", async () => {
    const { openai, seen } = openClient();
    const body = { model: "gpt-4o", n: 3, messages };
    const first = await openai.chat.completions.create(body);
    expect(await openai.chat.completions.create(body)).toEqual(first);
    expect(first.choices).toHaveLength(3);
    const refused = { model: "gpt-4o", messages: [{ role: "user" as const, content: "How? [[refusal]]" }] };
    const refusal = await openai.chat.completions.create(refused);
    const streamed = await openai.chat.completions.stream(refused).finalChatCompletion();
    expect(streamed.choices[0]?.message.refusal).toBe(refusal.choices[0]?.message.refusal);
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit", "miss", "hit"]);
  });

  it("never gets a filtered answer, an error inside a 200, or half a stream from the cache", async () => {
    const { openai, seen } = openClient();
    for (const word of ["content_filter", "error-in-body"]) {
      const body = { model: "gpt-4o", messages: [{ role: "user" as const, content: `Tell me [[${word}]]` }] };
      await openai.chat.completions.create(body);
      await openai.chat.completions.create(body);
    }
    const body = {
      model: "gpt-4o",
      messages: [{ role: "user" as const, content: "Tell me [[error-event]]" }],
      stream: true as const,
    };
    for (let attempt = 0; attempt < 2; attempt++) {
      const stream = await openai.chat.completions.create(body);
      await expect(collect(stream)).rejects.toThrow("The server had an error");
    }
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(Array.from({ length: 6 }, () => "miss"));
  });

  it("throws the error class of the provider's status, with the provider's message", async () => {
    const { openai } = openClient();
    const failing = { model: "gpt-4o", messages: [{ role: "user" as const, content: "Why? [[error 500]]" }] };
    await expect(openai.chat.completions.create(failing)).rejects.toThrow(InternalServerError);
    await expect(openai.chat.completions.create(failing)).rejects.toThrow(/The server had an error/u);
    const { openai: stranger } = openClient("sk-invalid");
    const failure = stranger.chat.completions.create({ model: "gpt-4o", messages });
    await expect(failure).rejects.toThrow(AuthenticationError);
    await expect(failure).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
  });

  it("gets compressed answers and their copies alike", async () => {
    const { openai, seen } = openClient();
    const body = { model: "gpt-4o", messages: [{ role: "user" as const, content: "What is a tide? [[long]]" }] };
    setUp().provider.compress = true;
    try {
      const first = await openai.chat.completions.create(body);
      expect(await openai.chat.completions.create(body)).toEqual(first);
      const other = { ...body, seed: 7, stream: true as const };
      const chunks = await collect(await openai.chat.completions.create(other));
      expect(await collect(await openai.chat.completions.create(other))).toEqual(chunks);
      expect(chunks.length).toBeGreaterThan(1000);
    } finally {
      setUp().provider.compress = false;
    }
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit", "miss", "hit"]);
  });

  it("reaches the very URL of x-llm-proxy-upstream, in OpenAI's format", async () => {
    const { provider } = setUp();
    const { openai, seen } = openClient();
    const options = { headers: { "x-llm-proxy-upstream": `${provider.url}/gateway/v3/chat/completions?region=eu` } };
    const before = provider.requests.length;
    const first = await openai.chat.completions.create({ model: "gpt-4o", messages }, options);
    expect(await openai.chat.completions.create({ model: "gpt-4o", messages }, options)).toEqual(first);
    expect(provider.requests[before]?.path).toBe("/gateway/v3/chat/completions?region=eu");
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
  });

  it("is not answered from another key's entries", async () => {
    const { provider, semcache } = setUp();
    const { connection, seen } = connect(semcache.url, provider.url);
    for (const apiKey of ["sk-one", "sk-two", "sk-one"]) {
      const openai = new OpenAI({ apiKey, baseURL: semcache.url, fetch: connection.fetch });
      await openai.chat.completions.create({ model: "gpt-4o", messages });
    }
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "miss", "hit"]);
  });

  it("reaches models and embeddings, past the cache", async () => {
    const { openai, seen } = openClient();
    const models = await openai.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(["gpt-4o", "gpt-4o-mini"]);
    const embedding = await openai.embeddings.create({ model: "text-embedding-3-small", input: "a key" });
    expect(embedding.data[0]?.embedding).toHaveLength(8);
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["bypass", "bypass"]);
  });
});
