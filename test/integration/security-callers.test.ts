// What one caller must not be able to do to the others, or to itself unawares. Real sockets, the built product.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, chat, freshNamespace } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { neverAnswer } from "../support/imitation/faults.ts";
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
