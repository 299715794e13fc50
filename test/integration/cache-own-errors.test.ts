import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorCodes, type ErrorCode } from "#semcache/base/errors.js";
import { ask, chat, message, type Answer, type HeaderList, type Question } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { garbage, neverAnswer } from "../support/imitation/faults.ts";
import { openRaw, rawRequest } from "../support/raw-http.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url, {
    server: { max_body: "64KiB" },
    upstream: { timeouts: { headers: "300ms" }, allow: ["http://127.0.0.1:1"] },
  });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const body = chat("How do I reset my password?");
const generic = "/semcache/v1/chat/completions";
const custom = (): readonly [string, string] => ["x-llm-proxy-upstream", `${provider.url}/custom`];
const to = (address: string): HeaderList => [["x-llm-proxy-upstream", address]];

/** One way to each code that a client can see, without those that other tests bring about. */
const cases: Partial<Record<ErrorCode, () => Promise<Answer> | Answer>> = {
  "bad-request": () => say({ method: "PUT", path: "/semcache/v1/put", body: {} }),
  "directive-invalid": () => say({ body, headers: [["x-semcache-ttl", "x"]] }),
  "prompt-path-invalid": () => say({ body, headers: [["x-llm-prompt", "messages"]] }),
  "prompt-path-no-match": () => say({ body, headers: [["x-llm-prompt", "$.nothing"]] }),
  "prompt-path-missing": () => say({ path: generic, body, headers: [custom()] }),
  "upstream-missing": () => say({ path: generic, body, headers: [["x-llm-prompt", "$.messages[-1].content"]] }),
  "upstream-invalid": () => say({ body, headers: to("no address") }),
  unauthorized: async () => {
    const server = await startSemcache(provider.url, { server: { admin_token: "a-token-that-is-long" } });
    const answer = await ask(server.port, { method: "GET", path: "/semcache/v1/admin/stats" });
    await server.close();
    return answer;
  },
  "upstream-forbidden": () => say({ body, headers: to("http://169.254.169.254/latest/meta-data") }),
  "admin-forbidden": () =>
    say({ method: "GET", path: "/semcache/v1/admin/stats", headers: [["x-forwarded-for", "1.2.3.4"]] }),
  "origin-forbidden": () =>
    say({ method: "GET", path: "/semcache/v1/admin/stats", headers: [["origin", "https://evil.example"]] }),
  "not-found": () => say({ method: "GET", path: "/favicon.ico" }),
  "method-not-allowed": () => say({ method: "DELETE", path: "/metrics" }),
  "body-too-large": () => say({ body: chat("x".repeat(70_000)) }),
  "unsupported-media-type": () =>
    say({ path: "/semcache/v1/get", body: "key=x", headers: [["content-type", "application/x-www-form-urlencoded"]] }),
  "upgrade-unsupported": async () => {
    const connection = await openRaw(semcache.port);
    await connection.send(
      rawRequest("GET", "/v1/realtime", [
        ["connection", "upgrade"],
        ["upgrade", "websocket"],
      ]),
    );
    const raw = await connection.readAnswer();
    connection.destroy();
    const text = String(raw.body);
    return { ...raw, text, outcome: "", id: "", json: () => JSON.parse(text) as never };
  },
  "upstream-unreachable": () => say({ body, headers: to("http://127.0.0.1:1/") }),
  "upstream-broken": () => {
    provider.script(garbage());
    return say({ body });
  },
  "upstream-headers-timeout": () => {
    provider.script(neverAnswer());
    return say({ body });
  },
  "only-if-cached": () => say({ body: chat("Nobody asked this"), headers: [["cache-control", "only-if-cached"]] }),
};

function say(question: Question): Promise<Answer> {
  return ask(semcache.port, question);
}

describe("errors of our own", () => {
  it.each(Object.entries(cases))("%s", async (code, make) => {
    const answer = await make();
    expect(answer.header("x-semcache-error")).toBe(code);
    const { status, retry } = errorCodes[code as ErrorCode];
    expect(answer.status).toBe(status);
    expect(answer.header("x-should-retry")).toBe(retry ? null : "false");
    expect(answer.header("content-type")).toBe("application/json");
    expect(answer.json()).toEqual({
      error: { message: expect.stringMatching(/^Cannot .*[^.]$/u), type: expect.any(String), param: null, code },
    });
  });

  it.each<[string, number, Question]>([
    ["invalid_request_error", 400, { body: message("x"), headers: [["x-semcache-mode", "x"]] }],
    ["permission_error", 403, { body: message("x"), headers: to("http://10.0.0.1/") }],
    ["request_too_large", 413, { body: message("x".repeat(70_000)) }],
    ["invalid_request_error", 400, { body: message("x"), headers: [["x-llm-prompt", "$["]] }],
  ])("in Anthropic's shape on its route: %s, %i", async (type, status, question) => {
    const answer = await say({ path: "/v1/messages", ...question });
    expect(answer.status).toBe(status);
    expect(answer.json()).toEqual({ type: "error", error: { type, message: expect.stringMatching(/^Cannot /u) } });
  });

  it("a provider's own error has none of our marks", async () => {
    const answer = await say({ body: chat("x [[error 429]]") });
    expect(answer.status).toBe(429);
    expect([answer.header("x-semcache-error"), answer.header("x-should-retry")]).toEqual([null, null]);
    expect(answer.header("retry-after")).toBe("7");
    const direct = await ask(provider.port, { body: chat("x [[error 429]]") });
    expect(answer.text).toBe(direct.text);
  });

  it("every answer has an id of its own, of this process's own routes too", async () => {
    const paths = [
      "/",
      "/health",
      "/ready",
      "/metrics",
      "/admin",
      "/v1/models",
      "/favicon.ico",
      "/semcache/v1/admin/stats",
      "/semcache/v1/admin/entries/none",
    ];
    const answers = await Promise.all(paths.map((path) => say({ method: "GET", path })));
    answers.push(await say({ body }), await say({ body }), await say({ body, headers: [["x-semcache-ttl", "x"]] }));
    const ids = answers.map(({ id }) => id);
    expect(ids.every((id) => /^[0-9a-f-]{36}$/u.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(answers.length);
  });
});
