import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixed } from "../support/imitation/faults.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import { anthropicLibrary } from "./anthropic-library.ts";
import { openAiLibrary } from "./openai-library.ts";
import { connectClient } from "./set-up.ts";

const TTL_MS = 10_000;
let nowMs = Date.UTC(2026, 0, 1);
let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  const cache = { ttl: "10s", stale_if_error: "30s" };
  semcache = await startSemcache(provider.url, { cache }, { clock: { now: () => nowMs } });
});
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const libraries = [openAiLibrary({ name: "openai", basePath: "/v1", model: "gpt-4o-mini" }), anthropicLibrary];

describe.each(libraries)("$name, while the provider is down", (library) => {
  it.each([false, true])("gets the answer that it had, in both forms (tools: %j)", async (tools) => {
    const question = { prompt: "How warm is it in Oslo?", tools };
    const { client, seen } = connectClient(library, { provider, semcache });
    const plain = await client.plain(question);
    const streamed = await client.streamed(question);
    nowMs += TTL_MS;
    const down = fixed({
      status: 503,
      headers: [["content-type", "text/html"]],
      parts: [Buffer.from("<h1>Down</h1>")],
    });
    provider.script(down, { times: 2 });
    expect(await client.plain(question)).toEqual(plain);
    expect(client.essenceOfStream(await client.streamed(question))).toEqual(client.essenceOfStream(streamed));
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit", "stale", "stale"]);
  });
});
