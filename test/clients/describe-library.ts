import { describe, expect, it } from "vitest";
import type { Essence, Library, Question } from "./library.ts";
import { connectClient, connectDirectly, withoutFresh, type SetUp } from "./set-up.ts";

const questions: readonly (readonly [string, Question])[] = [
  ["text", { prompt: "What is a lighthouse?" }],
  ["text with usage", { prompt: "What is a lighthouse?", usage: true }],
  ["parallel tool calls", { prompt: "How is the weather in Lisbon, and how many live there?", tools: true }],
  ["parallel tool calls with usage", { prompt: "How is the weather in Oslo?", tools: true, usage: true }],
];

/** The same promises for every client library: the second request is a hit, and nobody can tell by the answer. */
export function describeLibrary(library: Library, setUp: () => SetUp): void {
  describe(`${library.name}`, () => {
    describe.each(questions)("%s", (_, question) => {
      it("plain: the second answer is a hit and equal to the first", async () => {
        const { client, seen } = connectClient(library, setUp());
        const calls = setUp().provider.requests.length;
        const first = await client.plain(question);
        const second = await client.plain(question);
        expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
        expect(setUp().provider.requests.length).toBe(calls + 1);
        expect(second).toEqual(first);
        expect(withoutFresh(first)).toEqual(withoutFresh(await connectDirectly(library, setUp()).plain(question)));
      });

      it("streamed: the second answer is a hit and equal to the first, event for event", async () => {
        const { client, seen } = connectClient(library, setUp());
        const first = await client.streamed(question);
        const second = await client.streamed(question);
        expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
        expect(second).toEqual(first);
        expect(withoutFresh(first)).toEqual(withoutFresh(await connectDirectly(library, setUp()).streamed(question)));
      });

      it("asked plain, then streamed", async () => {
        const { client, seen } = connectClient(library, setUp());
        const first = client.essenceOf(await client.plain(question));
        const second = client.essenceOfStream(await client.streamed(question));
        expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
        expect(second).toEqual(inMadeStream(library, first, question));
      });

      it("asked streamed, then plain", async () => {
        const { client, seen } = connectClient(library, setUp());
        const first = client.essenceOfStream(await client.streamed(question));
        const second = client.essenceOf(await client.plain(question));
        expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
        // A stream that was not asked for its usage has none to give to a later reader.
        expect(second).toEqual(first.usage ? first : { ...first, usage: { input: 0, output: 0 } });
      });

      it("is the same in both forms at the provider itself", async () => {
        const client = connectDirectly(library, setUp());
        const plain = inStream(library, client.essenceOf(await client.plain(question)), question);
        const streamed = client.essenceOfStream(await client.streamed(question));
        expect(withoutFresh(streamed)).toEqual(withoutFresh(plain));
        expect(streamed.toolCalls).toHaveLength(question.tools ? 2 : 0);
      });
    });

    it("gives the usage only to the stream that asked for it", async () => {
      const { client, seen } = connectClient(library, setUp());
      const prompt = "What is a harbour?";
      const first = client.essenceOfStream(await client.streamed({ prompt, usage: true }));
      const second = client.essenceOfStream(await client.streamed({ prompt }));
      expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
      expect(first.usage?.output).toBeGreaterThan(0);
      expect(second).toEqual(inStream(library, first, { prompt }));
    });

    it("answers a paraphrase from the cache, and a near miss never", async () => {
      const { client, seen } = connectClient(library, setUp());
      const first = await client.plain({ prompt: "What is the capital of France?" });
      const paraphrase = await client.plain({ prompt: "Tell me the capital of France" });
      const nearMiss = await client.plain({ prompt: "What is the capital of Spain?" });
      expect(seen.map(({ cacheStatus, match }) => [cacheStatus, match])).toEqual([
        ["miss", null],
        ["hit", "semantic"],
        ["miss", null],
      ]);
      expect(paraphrase).toEqual(first);
      expect(client.essenceOf(nearMiss).text).toContain("Spain");
    });

    it("throws its own error for the provider's, every time anew", async () => {
      const { client, seen } = connectClient(library, setUp());
      const prompt = "What is a rate limit? [[error 429]]";
      const calls = setUp().provider.requests.length;
      library.expectRateLimit(await failureOf(client.plain({ prompt })));
      library.expectRateLimit(await failureOf(client.streamed({ prompt })));
      library.expectRateLimit(await failureOf(client.plain({ prompt })));
      expect(setUp().provider.requests.length).toBe(calls + 3);
      expect(seen.map(({ status, cacheStatus }) => [status, cacheStatus])).toEqual([
        [429, "miss"],
        [429, "miss"],
        [429, "miss"],
      ]);
    });
  });
}

/** What of an answer a provider's stream tells: the usage only where it is asked for. */
function inStream(library: Library, essence: Essence, { usage = false }: Question): Essence {
  return usage || library.alwaysStreamsUsage ? essence : { ...essence, usage: null };
}

function inMadeStream({ usageInMadeStream }: Library, essence: Essence, { usage = false }: Question): Essence {
  const hasUsage = usageInMadeStream === "always" || (usageInMadeStream === "when-asked" && usage);
  return hasUsage ? essence : { ...essence, usage: null };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("Cannot see the provider's error: the call succeeded");
}
