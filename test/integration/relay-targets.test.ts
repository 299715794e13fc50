import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { raw } from "../support/imitation/faults.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import { chat, createClients, outcomeOf, type Headers } from "./relay-scene.ts";

let openai: ImitationProvider;
let anthropic: ImitationProvider;
let third: ImitationProvider;
let semcache: RunningSemcache;
let clients: ReturnType<typeof createClients>;

beforeAll(async () => {
  [openai, anthropic, third] = await Promise.all([
    startImitationProvider(),
    startImitationProvider(),
    startImitationProvider(),
  ]);
  semcache = await startSemcache(openai.url, {
    upstream: {
      providers: { openai: { base_url: `${openai.url}/v1` }, anthropic: { base_url: `${anthropic.url}/base/` } },
      allow: [third.url],
    },
    cache: { mode: "exact" },
  });
  clients = createClients(semcache.port);
});
afterEach(() => {
  for (const provider of [openai, anthropic, third]) provider.reset();
});
afterAll(async () => {
  clients.hangUp();
  await semcache.close();
  for (const provider of [openai, anthropic, third]) await provider.close();
});

/** Who got the request, and at which path. */
function arrivals(): string[] {
  return Object.entries({ openai, anthropic, third }).flatMap(([name, { requests }]) =>
    requests.map(({ method, path }) => `${name} ${method} ${path}`),
  );
}

/** `third` stands for the third provider's origin. */
const to = (headers: Headers): Headers => headers.map(([name, value]) => [name, value.replace("third", third.url)]);

describe("a built-in route goes", () => {
  test.each<[string, Headers, string]>([
    ["/v1/chat/completions?a=1", [], "openai POST /v1/chat/completions?a=1"],
    ["/chat/completions?a=1", [], "openai POST /v1/chat/completions?a=1"],
    ["/v1/messages?beta=true", [], "anthropic POST /base/v1/messages?beta=true"],
    ["/chat/completions", [["x-llm-proxy-host", "third"]], "third POST /v1/chat/completions"],
    ["/v1/chat/completions", [["x-llm-proxy-host", "third/api/v4"]], "third POST /api/v4/chat/completions"],
    ["/v1/chat/completions?b=2", [["x-llm-proxy-host", "third/openai"]], "third POST /openai/v1/chat/completions?b=2"],
    ["/v1/messages", [["x-llm-proxy-host", "third/api/v1/"]], "third POST /api/v1/messages"],
    [
      "/v1/chat/completions?b=2",
      [["x-llm-proxy-upstream", "third/v1/chat/completions?c=%2F"]],
      "third POST /v1/chat/completions?c=%2F",
    ],
    [
      "/v1/chat/completions",
      [
        ["x-llm-proxy-host", "not looked at"],
        ["x-llm-proxy-upstream", "third/chat/completions"],
      ],
      "third POST /chat/completions",
    ],
    [
      "/semcache/v1/chat/completions?q=1",
      [
        ["x-llm-proxy-host", "third"],
        ["x-llm-prompt", "$.messages[-1].content"],
      ],
      "third POST /v1/chat/completions?q=1",
    ],
  ])("%s with %j", async (path, headers, arrival) => {
    const request = chat(`${path} ${JSON.stringify(headers)}`, {
      path,
      headers: to(headers),
      fields: { max_tokens: 9 },
    });
    expect(outcomeOf(await clients.ask(request))).toMatch(/^200 miss/);
    expect(arrivals()).toEqual([arrival]);
    expect(outcomeOf(await clients.ask(request))).toBe("200 hit exact");
    expect(arrivals()).toEqual([arrival]);
  });
});

describe("another path goes", () => {
  test.each<[string, Headers, string]>([
    ["/v1/models", [], "openai GET /v1/models"],
    ["/models", [], "openai GET /v1/models"],
    ["/v1/models", [["anthropic-version", "2023-06-01"]], "anthropic GET /base/v1/models"],
    ["/v1/models", [["x-api-key", "k"]], "anthropic GET /base/v1/models"],
    ["/v1/messages/count_tokens", [], "anthropic GET /base/v1/messages/count_tokens"],
    ["/v1/complete", [], "anthropic GET /base/v1/complete"],
    ["/any/path?x=y", [["x-llm-proxy-host", "third/root"]], "third GET /root/any/path?x=y"],
    ["/any/path?x=y", [["x-llm-proxy-upstream", "third/exactly"]], "third GET /exactly"],
    ["/v1/chat/completions", [], "openai GET /v1/chat/completions"],
  ])("%s with %j", async (path, headers, arrival) => {
    const answer = await clients.ask(rawRequest("GET", path, to(headers)));
    expect(answer.header("x-cache-status")).toBe("bypass");
    expect(answer.header("x-semcache-reason")).toBe("other-route");
    expect(arrivals()).toEqual([arrival]);
  });
});

describe("an upstream that is not allowed is a 403 that names the setting", () => {
  test.each([
    "http://127.0.0.1:1",
    "http://localhost:8080",
    "http://[::1]:80",
    "http://[::ffff:127.0.0.1]",
    "http://2130706433",
    "http://0x7f.1",
    "https://169.254.169.254",
    "https://printer.local",
    "https://metadata.google.internal",
    "http://api.example.com",
    "https://api.example.com",
  ])("%s", async (host) => {
    for (const name of ["x-llm-proxy-host", "x-llm-proxy-upstream"]) {
      const answer = await clients.ask(chat("forbidden", { headers: [[name, host]] }));
      expect(outcomeOf(answer)).toMatch(/^403 /);
      expect(answer.header("x-semcache-error")).toBe("upstream-forbidden");
      expect(answer.body.toString()).toContain("upstream.allow");
    }
    expect(arrivals()).toEqual([]);
  });
});

test("a provider's base_url may be named by the caller, its other ports may not", async () => {
  expect((await clients.ask(chat("named", { headers: [["x-llm-proxy-host", openai.url]] }))).status).toBe(200);
  const other = openai.url.replace(/\d+$/, String(openai.port === 65_535 ? 1 : openai.port + 1));
  const isKnown = [anthropic.url, third.url].includes(other);
  const answer = await clients.ask(chat("its neighbour", { headers: [["x-llm-proxy-host", other]] }));
  expect(answer.status).toBe(isKnown ? 200 : 403);
});

test("a request whose pooled connection dies is not sent again", async () => {
  expect((await clients.ask(chat("warms the connection up"))).status).toBe(200);
  openai.script(raw(""), { times: 2 });
  const answer = await clients.ask(chat("once only"));
  expect(outcomeOf(answer)).toMatch(/^502 miss/);
  expect(openai.requests.map(({ remotePort }) => remotePort).at(-1)).toBe(openai.requests[0]?.remotePort);
  expect(openai.requests).toHaveLength(2);
});
