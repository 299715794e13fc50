import axios from "axios";
import { describe, expect, it } from "vitest";
import { connect, useSemcache, withoutFresh } from "./set-up.ts";

const setUp = useSemcache();

/** What users of custom APIs send, as the first Semcache's pages show it. */
function customHeaders(prompt: string): Record<string, string> {
  return {
    authorization: "Bearer custom-key",
    "content-type": "application/json",
    "x-llm-proxy-upstream": `${setUp().provider.url}/custom/answer?version=2`,
    "x-llm-prompt": prompt,
  };
}

const question = { input: { text: "What is the capital of France?", max_tokens: 100 } };

function openClient() {
  const { provider, semcache } = setUp();
  const { connection, seen } = connect(semcache.url, provider.url);
  const ask = (body: unknown, headers = customHeaders("$.input.text")) =>
    connection.fetch(`${semcache.url}/semcache/v1/chat/completions`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
  return { ask, seen };
}

function post(body: unknown) {
  return axios.post(`${setUp().semcache.url}/semcache/v1/chat/completions`, body, {
    headers: { ...customHeaders("$.input.text"), "x-semcache-namespace": "axios" },
  });
}

describe("fetch to a custom API", () => {
  it("answers the second request from the cache, with the same JSON", async () => {
    const { ask, seen } = openClient();
    const first: unknown = await (await ask(question)).json();
    const second: unknown = await (await ask(question)).json();
    const direct = await fetch(`${setUp().provider.url}/custom/answer`, {
      method: "POST",
      body: JSON.stringify(question),
    });
    expect(second).toEqual(first);
    expect(withoutFresh(first)).toEqual(withoutFresh(await direct.json()));
    expect(seen.map(({ cacheStatus, match }) => [cacheStatus, match])).toEqual([
      ["miss", null],
      ["hit", "exact"],
    ]);
  });

  it("reaches the very URL that was named, without headers of ours", async () => {
    const { ask } = openClient();
    const before = setUp().provider.requests.length;
    await (await ask(question)).json();
    const request = setUp().provider.requests[before];
    expect(request?.path).toBe("/custom/answer?version=2");
    expect(request?.json()).toEqual(question);
    const names = Object.keys(request?.headers ?? {});
    expect(names.filter((name) => name.startsWith("x-llm-") || name.startsWith("x-semcache-"))).toEqual([]);
    expect(request?.headers["authorization"]).toBe("Bearer custom-key");
  });

  it("compares the named text by meaning and all the rest by equality", async () => {
    const { ask, seen } = openClient();
    const asked = async (text: string, more: object = {}) =>
      (await ask({ input: { ...question.input, text, ...more } })).json() as Promise<unknown>;
    const first = await asked("What is the capital of France?");
    expect(await asked("Tell me the capital of France")).toEqual(first);
    expect(await asked("What is the capital of Spain?")).not.toEqual(first);
    expect(await asked("Tell me the capital of France", { max_tokens: 101 })).not.toEqual(first);
    expect(seen.map(({ cacheStatus, match }) => [cacheStatus, match])).toEqual([
      ["miss", null],
      ["hit", "semantic"],
      ["miss", null],
      ["miss", null],
    ]);
  });

  it("takes $.query, and the header's other spelling", async () => {
    const { ask, seen } = openClient();
    const body = { query: "What is the capital of France?" };
    const first: unknown = await (await ask(body, customHeaders("$.query"))).json();
    const { "x-llm-prompt": path = "", ...headers } = customHeaders("$.query");
    expect(await (await ask(body, { ...headers, "x-llm-proxy-prompt": path })).json()).toEqual(first);
    expect(seen.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "hit"]);
  });

  it("refuses clearly where the prompt path or the upstream is missing or selects nothing", async () => {
    const { ask } = openClient();
    const before = setUp().provider.requests.length;
    const { "x-llm-prompt": _prompt, ...withoutPrompt } = customHeaders("$.input.text");
    const { "x-llm-proxy-upstream": _upstream, ...withoutUpstream } = customHeaders("$.input.text");
    const answers = await Promise.all([
      ask(question, withoutPrompt),
      ask(question, withoutUpstream),
      ask(question, customHeaders("$.nothing.here")),
      ask(question, customHeaders("$[")),
    ]);
    expect(answers.map(({ status, headers }) => [status, headers.get("x-semcache-error")])).toEqual([
      [400, "prompt-path-missing"],
      [400, "upstream-missing"],
      [400, "prompt-path-no-match"],
      [400, "prompt-path-invalid"],
    ]);
    for (const answer of answers) expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(setUp().provider.requests.length).toBe(before);
  });
});

describe("axios to a custom API", () => {
  it("answers the second request from the cache", async () => {
    const first = await post(question);
    const second = await post(question);
    expect(second.data).toEqual(first.data);
    expect([first, second].map(({ headers }) => headers["x-cache-status"])).toEqual(["miss", "hit"]);
  });

  it("throws for the provider's error, with its body, every time anew", async () => {
    const before = setUp().provider.requests.length;
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(post({ input: { text: "Why? [[error 500]]" } })).rejects.toMatchObject({
        response: { status: 500, data: { detail: "The custom model is out of order" } },
      });
    }
    expect(setUp().provider.requests.length).toBe(before + 2);
  });
});
