import Anthropic, { AuthenticationError } from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { anthropicLibrary, gather, toBody } from "./anthropic-library.ts";
import { collect } from "./collect.ts";
import { describeLibrary } from "./describe-library.ts";
import { connect, useSemcache } from "./set-up.ts";

const setUp = useSemcache();

function openClient(apiKey = "sk-ant-imitation") {
  const { provider, semcache } = setUp();
  const { connection, seen } = connect(semcache.url, provider.url);
  return { anthropic: new Anthropic({ apiKey, baseURL: semcache.url, fetch: connection.fetch, maxRetries: 0 }), seen };
}

describeLibrary(anthropicLibrary, setUp);

describe("@anthropic-ai/sdk", () => {
  const thinking = { type: "enabled" as const, budget_tokens: 1024 };

  it("gets thinking with its signature in both forms", async () => {
    const { anthropic, seen } = openClient();
    const body = { ...toBody({ prompt: "What is a lock?" }), max_tokens: 4000, thinking };
    const plain = await anthropic.messages.create(body);
    const helper = await anthropic.messages.stream(body).finalMessage();
    const streamed = gather(await collect(await anthropic.messages.create({ ...body, stream: true })));
    expect(plain.content.map(({ type }) => type)).toEqual(["thinking", "text"]);
    expect(helper.content).toEqual(plain.content);
    expect(streamed).toEqual(plain);
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit", "hit"]);
  });

  it("gets a stream with redacted thinking again in the plain form", async () => {
    const { anthropic, seen } = openClient();
    const body = { ...toBody({ prompt: "What is a bolt? [[redacted_thinking]]" }), max_tokens: 4000, thinking };
    const streamed = gather(await collect(await anthropic.messages.create({ ...body, stream: true })));
    expect(await anthropic.messages.create(body)).toEqual(streamed);
    expect(streamed.content.map(({ type }) => type)).toEqual(["thinking", "redacted_thinking", "text"]);
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
  });

  it("gets stop reason and stop sequence in both forms", async () => {
    const { anthropic, seen } = openClient();
    const body = toBody({ prompt: "Where does it stop? [[stop_sequence]]" });
    const plain = await anthropic.messages.create(body);
    expect(plain).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "\n\nHuman:" });
    expect(gather(await collect(await anthropic.messages.create({ ...body, stream: true })))).toEqual(plain);
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
  });

  it("never gets half a stream from the cache", async () => {
    const { anthropic, seen } = openClient();
    const body = { ...toBody({ prompt: "Tell me [[error-event]]" }), stream: true as const };
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(collect(await anthropic.messages.create(body))).rejects.toThrow("Overloaded");
    }
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "miss"]);
  });

  it("throws the error class of the provider's status, with the provider's message", async () => {
    const { anthropic } = openClient();
    const overloaded = anthropic.messages.create(toBody({ prompt: "Why? [[error 529]]" }));
    await expect(overloaded).rejects.toMatchObject({ status: 529, error: { error: { type: "overloaded_error" } } });
    const { anthropic: stranger } = openClient("sk-ant-invalid");
    const refused = stranger.messages.create(toBody({ prompt: "Why?" }));
    await expect(refused).rejects.toThrow(AuthenticationError);
    await expect(refused).rejects.toThrow("invalid x-api-key");
  });

  it("counts tokens past the cache", async () => {
    const { anthropic, seen } = openClient();
    const { model, messages } = toBody({ prompt: "How many?" });
    expect((await anthropic.messages.countTokens({ model, messages })).input_tokens).toBeGreaterThan(0);
    expect(setUp().provider.requests.at(-1)?.path).toBe("/v1/messages/count_tokens");
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["bypass"]);
  });
});
