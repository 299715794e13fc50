// What one caller must not be able to do to the others, or to itself unawares. Real sockets, the built product.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { fixed, held, neverAnswer, raw } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { openRaw, rawRequest } from "../support/raw-http.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let provider: ImitationProvider;
let semcache: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url);
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const credential = ["authorization", "Bearer sk-caller"] as const;

describe("two bodies that JSON.parse takes for one", () => {
  it("share nothing: a provider may take the first of two names", async () => {
    const namespace = freshNamespace();
    const twice = `{"model":"other","messages":[{"role":"user","content":"What is the capital of Spain?"}],"model":"gpt-4o"}`;
    const headers = [credential, namespace];
    const first = await ask(semcache.port, { headers, body: twice });
    expect(first.outcome).toBe("bypass/unreadable-body");
    const second = await ask(semcache.port, { headers, body: chat("What is the capital of Spain?") });
    expect(second.outcome).toBe("miss/frame-new");
  });

  it("are refused as keys of cache-aside: lone surrogates become one and the same character", async () => {
    for (const body of [`{"key":"\\ud800 abc","data":"one"}`, `{"key":"abc","data":"\\ud800"}`]) {
      const put = await ask(semcache.port, { method: "PUT", path: "/semcache/v1/put", body });
      expect([put.status, put.header("x-semcache-error")]).toEqual([400, "bad-request"]);
    }
    const got = await ask(semcache.port, { path: "/semcache/v1/get", body: `{"key":"\\ud801 abc"}` });
    expect(got.status).toBe(400);
  });
});

describe("a client that leaves while it is owed several answers", () => {
  it("ends the provider's call of each", async () => {
    const hung = 3;
    for (let index = 0; index < hung; index++) provider.script(neverAnswer());
    const connection = await openRaw(semcache.port);
    const requests = Array.from({ length: hung }, (_, index) =>
      rawRequest(
        "POST",
        "/v1/chat/completions",
        [["content-type", "application/json"], credential],
        JSON.stringify(chat(`Pipelined question ${index}`)),
      ),
    );
    await connection.send(Buffer.concat(requests));
    await expect.poll(() => provider.requests.length, { timeout: 5_000 }).toBe(hung);
    connection.destroy();
    await Promise.all(provider.requests.map(({ finished }) => finished));
    await expect
      .poll(() => semcache.log.lines.filter((line) => line["error"] === "aborted").length, { timeout: 5_000 })
      .toBe(hung);
  });
});

describe("an answer that could be more than it seems", () => {
  it("is not kept where it is a number that the connection's end ended", async () => {
    const whole = "123";
    provider.script(
      raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n" + whole.slice(0, 2)),
    );
    const headers = [
      credential,
      freshNamespace(),
      ["x-llm-prompt", "$.question"],
      ["x-llm-proxy-upstream", `${provider.url}/custom`],
    ] as const;
    const question = { headers, body: { question: "How many are there?" } };
    expect((await ask(semcache.port, question)).text).toBe("12");
    const line = await semcache.log.waitFor((logged) => logged["namespace"] === headers[1][1]);
    expect(line["notStored"]).toBe("incomplete");
  });
});

describe("an invalidation", () => {
  it("separates who asked before from who asks after: the call that is in the air is not shared", async () => {
    const headers = [credential, freshNamespace()];
    const body = chat("What is the capital of Portugal?");
    const gate = new Gate();
    provider.script(held(gate));
    const before = ask(semcache.port, { headers, body });
    await gate.reached(1);
    const path = "/semcache/v1/admin/invalidate";
    expect((await ask(semcache.port, { path, body: { all: true } })).status).toBe(200);
    const after = await ask(semcache.port, { headers, body });
    expect(after.outcome).toBe("miss/frame-new");
    gate.releaseAll();
    await before;
    expect(provider.requests).toHaveLength(2);
    // What is found from now on is the later answer, not the one that the invalidation overtook.
    expect((await ask(semcache.port, { headers, body })).text).toBe(after.text);
  });
});

describe("a refresh", () => {
  it("is not undone by an older call that comes back later", async () => {
    const headers = [credential, freshNamespace()];
    const body = chat("What is the capital of Norway?");
    const answerWith = (text: string) =>
      JSON.stringify({
        id: "chatcmpl-1",
        object: "chat.completion",
        created: 1,
        model: "gpt-4o",
        choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
      });
    const gate = new Gate();
    provider.script(async ({ request, send }) => {
      await request.received;
      await gate.pass();
      await send({
        status: 200,
        headers: [["content-type", "application/json"]],
        parts: [Buffer.from(answerWith("old"))],
        streamed: false,
      });
    });
    provider.script(
      fixed({ status: 200, headers: [["content-type", "application/json"]], parts: [Buffer.from(answerWith("new"))] }),
    );
    const slow = ask(semcache.port, { headers, body });
    await gate.reached(1);
    const fresh = await ask(semcache.port, { headers: [...headers, ["cache-control", "no-cache"]], body });
    expect(fresh.text).toBe(answerWith("new"));
    gate.releaseAll();
    expect((await slow).text).toBe(answerWith("old"));
    const hit = await ask(semcache.port, { headers, body });
    expect([hit.outcome, hit.text]).toEqual(["hit/exact", answerWith("new")]);
  });
});

describe("what is told of a request", () => {
  async function decision(id: string): Promise<{ model: string; path: string }> {
    const answer = await ask(semcache.port, { method: "GET", path: "/semcache/v1/admin/decisions?limit=20" });
    const { decisions } = answer.json() as { decisions: { id: string; model: string; path: string }[] };
    return decisions.find((each) => each.id === id) as { model: string; path: string };
  }

  it("is short, whatever was sent: the last thousand are kept in memory", async () => {
    const answer = await ask(semcache.port, {
      path: `/v1/chat/completions`,
      headers: [credential],
      body: chat("Hello", { model: "m".repeat(1_000_000) }),
    });
    expect((await decision(answer.id)).model.length).toBeLessThanOrEqual(1_001);
    const long = await ask(semcache.port, { method: "GET", path: `/v1/${"x".repeat(50_000)}`, headers: [credential] });
    expect((await decision(long.id)).path.length).toBeLessThanOrEqual(1_001);
  });

  it("has no password of an absolute-form target", async () => {
    const path = "http://user:hunter2-secret@semcache.example/v1/models?key=sk-in-query";
    const answer = await ask(semcache.port, { method: "GET", path, headers: [credential] });
    expect((await decision(answer.id)).path).toBe("/v1/models");
    expect(semcache.log.text).not.toMatch(/hunter2|sk-in-query/u);
  });
});

describe("an address that is made to be slow to read", () => {
  afterEach(() => provider.reset());

  it.each([
    ["slashes", `https://provider.example/${"/".repeat(50_000)}x`],
    ["dots", `https://provider${".".repeat(50_000)}x/`],
  ])("%s cost no more than other characters", async (_, address) => {
    const startedAt = performance.now();
    const answer = await ask(semcache.port, {
      headers: [credential, ["x-llm-proxy-host", address]],
      body: chat("Hello there"),
    });
    expect(answer.status).toBe(403);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
