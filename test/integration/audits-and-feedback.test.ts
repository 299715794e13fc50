import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "#semcache/config/load.js";
import { ask, chat, freshNamespace, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { breakMidBody, fixed, held, neverAnswer } from "../support/imitation/faults.ts";
import { Gate, type Script } from "../support/imitation/script.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

const stored = "What is the capital of France?";
const asked = "Tell me the capital of France";
const first = ["authorization", "Bearer first"] as const;
const second = ["authorization", "Bearer second"] as const;

let provider: ImitationProvider;
let folder: string;
beforeAll(async () => {
  provider = await startImitationProvider();
  folder = await mkdtemp(join(tmpdir(), "semcache-audits-"));
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await provider.close();
  await rm(folder, { recursive: true, force: true });
});

function answer(content: string): Script {
  const message = { role: "assistant", content };
  const body = { id: "1", object: "chat.completion", choices: [{ index: 0, message, finish_reason: "stop" }] };
  const headers: [string, string][] = [["content-type", "application/json"]];
  return fixed({ status: 200, headers, parts: [Buffer.from(JSON.stringify(body))] });
}

async function withSemcache<T>(overrides: object, run: (semcache: RunningSemcache) => Promise<T>): Promise<T> {
  const semcache = await startSemcache(provider.url, { ...overrides });
  try {
    return await run(semcache);
  } finally {
    await semcache.close();
  }
}

async function put(semcache: RunningSemcache, prompt: string, headers: HeaderList) {
  return ask(semcache.port, { headers, body: chat(prompt) });
}

async function feedback(semcache: RunningSemcache, body: object, headers: HeaderList = [first], path = "feedback") {
  return ask(semcache.port, { path: `/semcache/v1/${path}`, headers, body });
}

interface Stats {
  readonly trust: {
    readonly audits: { readonly right: number; readonly wrong: number; readonly unsure: number };
    readonly barredPairs: number;
    readonly steps: { readonly all: number; readonly partitions: { readonly [partition: string]: number } };
  };
}

async function trustOf(semcache: RunningSemcache): Promise<Stats["trust"]> {
  const stats = await ask(semcache.port, { method: "GET", path: "/semcache/v1/admin/stats" });
  return (stats.json() as Stats).trust;
}

describe("feedback", () => {
  test("a hit that is called wrong is never served to that prompt again, and the entry goes on for others", async () => {
    await withSemcache({ matching: { audit_rate: 0 } }, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      await put(semcache, stored, headers);
      const hit = await put(semcache, asked, headers);
      expect(hit.outcome).toBe("hit/semantic");
      expect((await feedback(semcache, { request: hit.id, verdict: "wrong" })).json()).toEqual({
        pairs: 1,
        removed: 0,
      });
      const again = await put(semcache, asked, [...headers, ["cache-control", "no-store"]]);
      expect(again.header("x-cache-status")).toBe("bypass");
      const barred = await put(semcache, asked, headers);
      expect(barred.outcome).toBe("miss/guard-reported");
      expect((await put(semcache, stored, headers)).outcome).toBe("hit/exact");
    });
  });

  test("only the credential that made the request is heard; what is unknown is a 404, what is malformed a 400", async () => {
    await withSemcache({ matching: { audit_rate: 0 } }, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      const missed = await put(semcache, stored, headers);
      const hit = await put(semcache, asked, headers);
      const wrong = { request: hit.id, verdict: "wrong" };
      for (const refused of [
        await feedback(semcache, wrong, [second]),
        await feedback(semcache, wrong, []),
        await feedback(semcache, { ...wrong, request: "never" }),
        await feedback(semcache, { ...wrong, request: missed.id }),
      ])
        expect([refused.status, refused.header("x-semcache-error")]).toEqual([404, "not-found"]);
      for (const malformed of [{}, { ...wrong, verdict: "bad" }, { ...wrong, extra: 1 }, { verdict: "wrong" }])
        expect((await feedback(semcache, malformed)).status).toBe(400);
      expect((await put(semcache, asked, headers)).outcome).toBe("hit/semantic");
      expect((await feedback(semcache, { ...wrong, verdict: "right" })).status).toBe(200);
      expect((await put(semcache, asked, headers)).outcome).toBe("hit/semantic");
    });
  });

  test("an exact hit that is called wrong is removed; an operator may name the entry", async () => {
    await withSemcache({ matching: { audit_rate: 0 } }, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      await put(semcache, stored, headers);
      const hit = await put(semcache, stored, headers);
      expect((await feedback(semcache, { request: hit.id, verdict: "wrong" })).json()).toEqual({
        pairs: 0,
        removed: 1,
      });
      expect((await put(semcache, stored, headers)).outcome).toBe("miss/frame-new");
      const semantic = await put(semcache, asked, headers);
      expect(semantic.outcome).toBe("hit/semantic");
      const body = { entry: semantic.header("x-semcache-entry"), verdict: "wrong" };
      expect((await feedback(semcache, body, [], "admin/feedback")).json()).toEqual({ pairs: 1, removed: 1 });
      expect((await feedback(semcache, body, [], "admin/feedback")).status).toBe(200);
      expect((await feedback(semcache, { verdict: "wrong" }, [], "admin/feedback")).status).toBe(400);
      expect((await put(semcache, stored, headers)).header("x-cache-status")).toBe("miss");
      expect((await put(semcache, asked, headers)).outcome).toBe("miss/guard-reported");
      const metrics = await ask(semcache.port, { method: "GET", path: "/metrics" });
      expect(metrics.text).toMatch(/semcache_feedback_total\{verdict="wrong"\} 3/);
      expect(metrics.text).toMatch(/semcache_barred_pairs 1\n/);
    });
  });

  test("a credential in the query is told in the query", async () => {
    await withSemcache({ matching: { audit_rate: 0 } }, async (semcache) => {
      const path = "/v1/chat/completions?key=secret";
      const headers: HeaderList = [freshNamespace()];
      await ask(semcache.port, { path, headers, body: chat(stored) });
      const hit = await ask(semcache.port, { path, headers, body: chat(asked) });
      expect(hit.outcome).toBe("hit/semantic");
      const wrong = { request: hit.id, verdict: "wrong" };
      expect((await feedback(semcache, wrong, [], "feedback?key=another")).status).toBe(404);
      expect((await feedback(semcache, wrong, [], "feedback")).status).toBe(404);
      expect((await feedback(semcache, wrong, [], "feedback?key=secret")).json()).toEqual({ pairs: 1, removed: 0 });
    });
  });

  test("said a hundred times it is said once, and keeps no other answer from being stored", async () => {
    await withSemcache({ matching: { audit_rate: 0 } }, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      await put(semcache, stored, headers);
      const [exact, semantic] = [await put(semcache, stored, headers), await put(semcache, asked, headers)];
      const gate = new Gate();
      provider.script(held(gate));
      const other = put(semcache, "How do I reset my password?", headers);
      await gate.reached(1);
      for (const { id } of [exact, semantic])
        for (let time = 0; time < 3; time++)
          expect((await feedback(semcache, { request: id, verdict: "wrong" })).json()).toEqual({
            pairs: time === 0 && id === semantic.id ? 1 : 0,
            removed: time === 0 && id === exact.id ? 1 : 0,
          });
      gate.release();
      await other;
      expect((await put(semcache, "How do I reset my password?", headers)).outcome).toBe("hit/exact");
      const metrics = await ask(semcache.port, { method: "GET", path: "/metrics" });
      expect(metrics.text).toMatch(/semcache_feedback_total\{verdict="wrong"\} 2\n/);
    });
  });

  test("a wrong answer that is still on its way into the store is removed too", async () => {
    await withSemcache({ matching: { audit_rate: 0, timeout: "10ms" } }, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      // What is embedded before it keeps it from landing; equal requests do not wait for that.
      const before = Array.from(
        { length: 30 },
        (_, index) => `How do I file form ${index}? ${"Tell me more. ".repeat(20)}`,
      );
      await Promise.all(before.map((prompt) => put(semcache, prompt, headers)));
      await put(semcache, stored, headers);
      const hit = await put(semcache, stored, headers);
      expect(hit.outcome).toBe("hit/exact");
      const told = await feedback(semcache, { request: hit.id, verdict: "wrong" });
      expect(told.json()).toEqual({ pairs: 0, removed: 1 });
      expect((await put(semcache, stored, headers)).header("x-cache-status")).toBe("miss");
    });
  });

  test("a value that the application keeps itself is barred and removed alike", async () => {
    await withSemcache({}, async (semcache) => {
      const own = (method: "PUT" | "POST", path: string, body: object) =>
        ask(semcache.port, { method, path: `/semcache/v1/${path}`, headers: [first], body });
      await own("PUT", "put", { key: stored, data: "Paris" });
      const hit = await own("POST", "get", { key: asked });
      expect(hit.outcome).toBe("hit/semantic");
      const wrong = { request: hit.id, verdict: "wrong" };
      expect((await feedback(semcache, wrong, [second])).status).toBe(404);
      expect((await feedback(semcache, wrong)).json()).toEqual({ pairs: 1, removed: 0 });
      expect((await own("POST", "get", { key: asked })).outcome).toBe("miss/guard-reported");
      const exact = await own("POST", "get", { key: stored });
      expect((await feedback(semcache, { request: exact.id, verdict: "wrong" })).json()).toEqual({
        pairs: 0,
        removed: 1,
      });
    });
  });

  test("outlives the process", async () => {
    const path = join(folder, "feedback");
    const headers: HeaderList = [first, ["x-semcache-namespace", "kept"]];
    const overrides = { matching: { audit_rate: 0 }, store: { path } };
    await withSemcache(overrides, async (semcache) => {
      await put(semcache, stored, headers);
      const hit = await put(semcache, asked, headers);
      await feedback(semcache, { request: hit.id, verdict: "wrong" });
    });
    await withSemcache(overrides, async (semcache) => {
      await put(semcache, stored, headers);
      expect((await put(semcache, asked, headers)).outcome).toBe("miss/guard-reported");
      expect((await trustOf(semcache)).barredPairs).toBe(1);
    });
  });
});

describe("audits", () => {
  const everyHit = { matching: { audit_rate: 1 } };
  const outcomeOf = (semcache: RunningSemcache, request: string) =>
    semcache.log.waitFor((line) => line["request"] === request && String(line["msg"]).startsWith("An audit"));

  test("ask the provider what the client asked, after the client has its answer", async () => {
    await withSemcache(everyHit, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      provider.script(answer("Paris."), { times: 2 });
      await put(semcache, stored, headers);
      const hit = await put(semcache, asked, headers);
      expect(hit.outcome).toBe("hit/semantic");
      expect(await outcomeOf(semcache, hit.id)).toMatchObject({ outcome: "right" });
      const [, audit] = provider.requests;
      expect(audit?.body.toString()).toBe(JSON.stringify(chat(asked)));
      expect(audit?.headers["authorization"]).toBe("Bearer first");
      expect(await trustOf(semcache)).toMatchObject({ audits: { right: 1, wrong: 0, unsure: 0 }, barredPairs: 0 });
      expect((await put(semcache, asked, headers)).outcome).toBe("hit/semantic");
    });
  });

  test("a provider that says otherwise: the pair is barred, and a broken promise raises the bar for good", async () => {
    const path = join(folder, "audits");
    const overrides = { ...everyHit, store: { path } };
    const headers: HeaderList = [first, ["x-semcache-namespace", "audited"]];
    await withSemcache(overrides, async (semcache) => {
      const pairs = [
        [stored, asked],
        ["How do I reset my password?", "How can I reset my password?"],
      ] as const;
      for (const [kept, again] of pairs) {
        provider.script(answer("It is Paris, since 987."));
        provider.script(answer("Bake it at 180 degrees."), { times: 3 });
        await put(semcache, kept, headers);
        const hit = await put(semcache, again, headers);
        expect(hit.outcome).toBe("hit/semantic");
        expect(await outcomeOf(semcache, hit.id)).toMatchObject({ msg: "An audit found a wrong hit" });
        expect((await put(semcache, again, headers)).outcome).toBe("miss/guard-reported");
      }
      const trust = await trustOf(semcache);
      expect(trust).toMatchObject({ audits: { wrong: 2 }, barredPairs: 2, steps: { all: 0 } });
      expect(Object.values(trust.steps.partitions)).toEqual([1]);
      const raised = await semcache.log.waitFor((line) => String(line["msg"]).startsWith("The promise was broken"));
      expect(raised).toMatchObject({ audited: 2, wrong: 2, promised: 0.01, now: 0.005, matching: "on" });
      const metrics = await ask(semcache.port, { method: "GET", path: "/metrics" });
      expect(metrics.text).toMatch(/semcache_audits_total\{match="semantic",outcome="wrong"\} 2\n/);
      expect(metrics.text).toMatch(/semcache_bar_steps 1\n/);
    });
    await withSemcache(overrides, async (semcache) => {
      const { audits, steps } = await trustOf(semcache);
      expect([audits.wrong, Object.values(steps.partitions)]).toEqual([2, [1]]);
    });
  });

  test("a provider that contradicts itself proves nothing, and is asked as somebody new each time", async () => {
    await withSemcache(everyHit, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace(), ["Idempotency-Key", "one"]];
      for (const joke of ["It is Paris, since 987.", "Bake it at 180 degrees.", "Seventeen elephants dance."])
        provider.script(answer(joke));
      await put(semcache, stored, headers);
      const hit = await put(semcache, asked, headers);
      expect(await outcomeOf(semcache, hit.id)).toMatchObject({ outcome: "unsure" });
      expect(provider.requests.map(({ headers: sent }) => sent["idempotency-key"])).toEqual([
        "one",
        undefined,
        undefined,
      ]);
      expect(await trustOf(semcache)).toMatchObject({ audits: { wrong: 0, unsure: 1 }, barredPairs: 0 });
      expect((await put(semcache, asked, headers)).outcome).toBe("hit/semantic");
    });
  });

  test("streams and compressed answers are compared like others", async () => {
    await withSemcache(everyHit, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace(), ["accept-encoding", "gzip"]];
      const compressed = (content: string): Script => {
        const chunk = (delta: object, finish: string | null) =>
          `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
        const text = `${chunk({ role: "assistant", content }, null)}${chunk({}, "stop")}data: [DONE]\n\n`;
        const sent: [string, string][] = [
          ["content-type", "text/event-stream"],
          ["content-encoding", "gzip"],
        ];
        return fixed({ status: 200, headers: sent, parts: [gzipSync(text)] });
      };
      provider.script(compressed("Paris."));
      provider.script(compressed("paris"));
      const streamed = (prompt: string) =>
        ask(semcache.port, { headers, body: { ...(chat(prompt) as object), stream: true } });
      await streamed(stored);
      const hit = await streamed(asked);
      expect(hit.outcome).toBe("hit/semantic");
      expect(await outcomeOf(semcache, hit.id)).toMatchObject({ outcome: "right" });
    });
  });

  test("redirects are not followed, and what is under way ends with the process", async () => {
    await withSemcache(everyHit, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      await put(semcache, stored, headers);
      provider.script(fixed({ status: 307, headers: [["location", provider.url]], parts: [Buffer.from("{}")] }));
      const hit = await put(semcache, asked, headers);
      expect(await outcomeOf(semcache, hit.id)).toMatchObject({ outcome: "failed" });
      expect(provider.requests).toHaveLength(2);
      provider.script(neverAnswer());
      await put(semcache, asked, headers);
      await provider.waitForRequest(3);
    });
  });

  test("what a caller's own provider answers is not held against the others", async () => {
    await withSemcache(everyHit, async (semcache) => {
      for (const namespace of ["a", "b", "c"]) {
        const headers: HeaderList = [first, freshNamespace(), ["x-llm-proxy-host", provider.url]];
        provider.script(answer("It is Paris, since 987."));
        provider.script(answer("Bake it at 180 degrees."), { times: 2 });
        await put(semcache, stored, headers);
        const hit = await put(semcache, asked, headers);
        expect([namespace, hit.outcome]).toEqual([namespace, "hit/semantic"]);
        expect(await outcomeOf(semcache, hit.id)).toMatchObject({ msg: "An audit found a wrong hit" });
      }
      expect(await trustOf(semcache)).toMatchObject({ audits: { wrong: 3 }, barredPairs: 3, steps: { all: 0 } });
    });
  });

  test("a provider that fails proves nothing", async () => {
    await withSemcache(everyHit, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      await put(semcache, stored, headers);
      provider.script(breakMidBody(1));
      const hit = await put(semcache, asked, headers);
      expect(await outcomeOf(semcache, hit.id)).toMatchObject({ outcome: "failed" });
      expect(await trustOf(semcache)).toMatchObject({ audits: { right: 0, wrong: 0, unsure: 0 } });
    });
  });

  test("of exact hits are counted apart, and nothing is barred, raised or removed for them", async () => {
    await withSemcache(everyHit, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      for (const [said, then] of [
        ["Paris.", "paris"],
        ["It is Paris, since 987.", "Bake it at 180 degrees."],
      ] as const) {
        provider.reset();
        provider.script(answer(said));
        provider.script(answer(then), { times: 2 });
        await put(semcache, stored, [...headers, ["cache-control", "no-cache"]]);
        const hit = await put(semcache, stored, headers);
        expect(hit.outcome).toBe("hit/exact");
        expect(await outcomeOf(semcache, hit.id)).toMatchObject({
          match: "exact",
          outcome: then === "paris" ? "right" : "wrong",
        });
        expect(provider.requests).toHaveLength(then === "paris" ? 2 : 3);
      }
      const shadow = await ask(semcache.port, { method: "GET", path: "/semcache/v1/admin/shadow" });
      expect(shadow.json()).toMatchObject({
        audits: {
          matches: { exact: { hits: 2, right: 1, wrong: 1 }, semantic: { hits: 0, judged: 0 } },
          partitions: [{ matches: { exact: { judged: 2 }, semantic: { judged: 0 } } }],
          worst: [{ match: "exact", outcome: "wrong" }],
        },
      });
      expect(await trustOf(semcache)).toMatchObject({
        audits: { right: 0, wrong: 0, unsure: 0 },
        barredPairs: 0,
        steps: { all: 0, partitions: {} },
      });
      const { text } = await ask(semcache.port, { method: "GET", path: "/metrics" });
      for (const line of [`match="exact",outcome="right"} 1`, `match="exact",outcome="wrong"} 1`])
        expect(text).toContain(`semcache_audits_total{${line}\n`);
      expect(text).toContain(`semcache_audits_total{match="semantic",outcome="wrong"} 0\n`);
      const exported = await ask(semcache.port, { method: "GET", path: "/semcache/v1/admin/feedback" });
      expect(exported.text).toBe("");
      const [again, alike] = [await put(semcache, stored, headers), await put(semcache, asked, headers)];
      expect([again.outcome, alike.outcome]).toEqual(["hit/exact", "hit/semantic"]);
    });
  });

  test("one key turns them off; clients that forbid the provider are never audited", async () => {
    await withSemcache({ matching: { audit_rate: 0 } }, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      await put(semcache, stored, headers);
      expect((await put(semcache, stored, headers)).outcome).toBe("hit/exact");
      expect((await put(semcache, asked, headers)).outcome).toBe("hit/semantic");
    });
    await withSemcache(everyHit, async (semcache) => {
      const headers: HeaderList = [first, freshNamespace()];
      await put(semcache, stored, headers);
      for (const [prompt, outcome] of [
        [stored, "hit/exact"],
        [asked, "hit/semantic"],
      ] as const) {
        const only = await put(semcache, prompt, [...headers, ["cache-control", "only-if-cached"]]);
        expect(only.outcome).toBe(outcome);
      }
    });
    // Both have ended, and with them what they had under way.
    expect(provider.requests).toHaveLength(2);
  });

  test("unless a share is set, an equal request is asked of nobody", async () => {
    const { auditRates } = loadConfig({ env: {}, workingFolder: folder }).config.matching;
    expect(auditRates).toEqual({ exact: 0, semantic: 0.005 });
    const set = loadConfig({ env: { SEMCACHE_MATCHING__AUDIT_RATE: "0.01" }, workingFolder: folder }).config.matching;
    expect(set.auditRates).toEqual({ exact: 0.01, semantic: 0.01 });
  });
});
