import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ask, chat, freshNamespace, type HeaderList } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { breakMidBody, fixed, held } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { openRaw, rawRequest } from "../support/raw-http.ts";
import type { LogLine } from "../support/log-collector.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import { asked, comparisonOf, longText, metricsOf, put, says, shadowOf, stored } from "./shadow-scene.ts";

let provider: ImitationProvider;
let folder: string;
let shadow: RunningSemcache;
beforeAll(async () => {
  provider = await startImitationProvider();
  folder = await mkdtemp(join(tmpdir(), "semcache-shadow-"));
  shadow = await startSemcache(provider.url, { cache: { mode: "shadow" }, matching: { audit_rate: 0.01 } });
});
beforeEach(async () => {
  provider.reset();
  await shadowOf(shadow, "DELETE");
});
afterAll(async () => {
  await shadow.close();
  await provider.close();
  await rm(folder, { recursive: true, force: true });
});

const room = (): HeaderList => [["authorization", "Bearer first"], freshNamespace()];

describe("what would have been served is compared with what the provider says", () => {
  test("an equal request, and the same answer", async () => {
    const headers = room();
    await put(shadow, stored, headers);
    const again = await put(shadow, stored, headers);
    expect(again.outcome).toBe("miss/shadow");
    expect(await comparisonOf(shadow, again)).toMatchObject({ outcome: "right", by: "equality", match: "exact" });
    const { mode, shadow: report } = await shadowOf(shadow);
    expect(mode).toBe("shadow");
    expect(report).toMatchObject({
      lookups: 2,
      misses: { "frame-new": 1 },
      hitRate: { rate: 0.5 },
      matches: { exact: { hits: 1, right: 1, judged: 1, wrongRate: { rate: 0 } }, semantic: { hits: 0 } },
      partitions: [
        { model: "gpt-4o", namespace: headers[1]?.[1], lookups: 2, frame: again.header("x-semcache-frame") },
      ],
    });
  });

  test("the same answer in other words, to the same question in other words", async () => {
    const headers = room();
    provider.script(says("The capital of France is Paris."));
    provider.script(says("Paris is the capital of France."));
    await put(shadow, stored, headers);
    const meant = await put(shadow, asked, headers);
    expect(meant.outcome).toBe("miss/shadow");
    expect(await comparisonOf(shadow, meant)).toMatchObject({ outcome: "right", by: "models", match: "semantic" });
    const { shadow: report } = await shadowOf(shadow);
    expect(report.matches.semantic).toMatchObject({ hits: 1, right: 1 });
    expect(Object.values(report.bands)).toMatchObject([{ hits: 1, right: 1 }]);
    expect(provider.requests).toHaveLength(2);
  });

  test("another answer, twice the same: it would have been wrong, and nothing is held against the pair", async () => {
    const headers = room();
    provider.script(says("It is Paris, since 987."));
    provider.script(says("Bake it at 180 degrees."), { times: 4 });
    await put(shadow, stored, headers);
    for (const time of [1, 2]) {
      const meant = await put(shadow, asked, [...headers, ["idempotency-key", "one"]]);
      expect(meant.outcome).toBe("miss/shadow");
      expect(await comparisonOf(shadow, meant)).toMatchObject({ outcome: "wrong", by: "models", match: "semantic" });
      const { shadow: report } = await shadowOf(shadow);
      expect(report.all).toMatchObject({ hits: time, wrong: time, wrongRate: { rate: 1 } });
      expect(report.worst[0]).toMatchObject({ outcome: "wrong", request: meant.id, match: "semantic" });
    }
    // The second word is asked as a request of its own.
    expect(provider.requests.map((request) => request.headers["idempotency-key"])).toEqual([
      undefined,
      "one",
      undefined,
      "one",
      undefined,
    ]);
    expect(await metricsOf(shadow)).toMatch(/semcache_shadow_verdicts_total\{match="semantic",verdict="wrong"\} 2\n/);
    const stats = await ask(shadow.port, { method: "GET", path: "/semcache/v1/admin/stats" });
    expect(stats.json()).toMatchObject({
      trust: { barredPairs: 0, audits: { wrong: 0 } },
      shadow: { lookups: 3, hitRate: { rate: 2 / 3 }, matches: { semantic: { wrong: 2 } } },
    });
  });

  test("a provider that contradicts itself proves nothing", async () => {
    const headers = room();
    for (const joke of ["It is Paris, since 987.", "Bake it at 180 degrees.", "Seventeen elephants dance at dawn."])
      provider.script(says(joke));
    await put(shadow, stored, headers);
    const meant = await put(shadow, asked, headers);
    expect(await comparisonOf(shadow, meant)).toMatchObject({ outcome: "unsure" });
    expect((await shadowOf(shadow)).shadow.all).toMatchObject({ judged: 0, unsure: 1, wrongRate: { rate: null } });
  });

  test("long answers that are not equal: nobody can tell", async () => {
    const headers = room();
    provider.script(says(longText));
    provider.script(says(`${longText} It ends in June.`));
    await put(shadow, stored, headers);
    const meant = await put(shadow, asked, headers);
    expect(await comparisonOf(shadow, meant)).toMatchObject({ outcome: "unsure", by: "models" });
    expect(provider.requests).toHaveLength(2);
  });

  test("streams and whole answers alike", async () => {
    const headers = room();
    await put(shadow, stored, headers);
    const streamed = await put(shadow, stored, headers, { stream: true });
    expect(streamed.header("content-type")).toMatch(/^text\/event-stream/);
    expect(await comparisonOf(shadow, streamed)).toMatchObject({ outcome: "right", match: "exact" });
    const other = room();
    await put(shadow, stored, other, { stream: true });
    const whole = await put(shadow, stored, other, { stream: true, stream_options: { include_usage: true } });
    expect(await comparisonOf(shadow, whole)).toMatchObject({ outcome: "right", match: "exact" });
  });

  test("calls of tools by what they call, whatever their ids", async () => {
    const headers = room();
    const call = (id: string, city: string) =>
      says(
        {
          content: null,
          tool_calls: [{ id, type: "function", function: { name: "weather", arguments: JSON.stringify({ city }) } }],
        },
        "tool_calls",
      );
    for (const script of [call("a", "Paris"), call("b", "Paris"), call("c", "Lyon"), says("It is sunny.")])
      provider.script(script);
    await put(shadow, stored, headers);
    for (const [outcome, by] of [
      ["right", "equality"],
      ["unsure", "equality"],
      ["unsure", "form"],
    ])
      expect(await comparisonOf(shadow, await put(shadow, stored, headers))).toMatchObject({ outcome, by });
  });

  test("where the provider fails there is nothing to compare, and the failure is the client's", async () => {
    const headers = room();
    await put(shadow, stored, headers);
    provider.script(
      fixed({ status: 503, headers: [["content-type", "application/json"]], parts: [Buffer.from("{}")] }),
    );
    const failed = await put(shadow, stored, headers);
    expect([failed.status, failed.outcome]).toEqual([503, "miss/shadow"]);
    expect(await comparisonOf(shadow, failed)).toMatchObject({ outcome: "failed" });
    provider.script(breakMidBody(1));
    await put(shadow, stored, headers).catch(() => undefined);
    await shadow.log.waitFor(
      (line) => line["outcome"] === "failed" && line["match"] === "exact" && line["request"] !== failed.id,
    );
    expect((await shadowOf(shadow)).shadow.all).toMatchObject({ hits: 2, failed: 2, judged: 0 });
  });

  test("nor where the client leaves", async () => {
    const headers = room();
    await put(shadow, stored, headers);
    const gate = new Gate();
    provider.script(held(gate));
    const connection = await openRaw(shadow.port, { patienceMs: 20_000 });
    const all: HeaderList = [["content-type", "application/json"], ...headers];
    await connection.send(rawRequest("POST", "/v1/chat/completions", all, JSON.stringify(chat(stored))));
    await gate.reached(1);
    connection.destroy();
    const isLeft = (line: LogLine) => line["notStored"] === "shadow" && line["error"] === "aborted";
    const left = await shadow.log.waitFor(isLeft);
    gate.release();
    expect(left).toMatchObject({ match: "exact", status: 0 });
    expect((await shadowOf(shadow)).shadow.matches.exact).toMatchObject({ hits: 1, failed: 1, judged: 0 });
  });

  test("a second word that cannot be had leaves a suspicion", async () => {
    const headers = room();
    provider.script(says("It is Paris, since 987."));
    provider.script(says("Bake it at 180 degrees."));
    provider.script(breakMidBody(1));
    await put(shadow, stored, headers);
    const meant = await put(shadow, asked, headers);
    expect(await comparisonOf(shadow, meant)).toMatchObject({ outcome: "suspect" });
    const { all, worst } = (await shadowOf(shadow)).shadow;
    expect(all).toMatchObject({ judged: 0, suspect: 1, wrongRate: { rate: null, lower: 0, upper: 1 } });
    expect(worst).toMatchObject([{ outcome: "suspect", request: meant.id }]);
  });
});

describe("a shadow changes nothing", () => {
  test("of what the provider is asked: equal requests at once are not made one", async () => {
    const headers = room();
    const gate = new Gate();
    provider.script(held(gate), { times: 2 });
    const both = [put(shadow, stored, headers), put(shadow, stored, headers)];
    await gate.reached(2);
    gate.releaseAll();
    expect((await Promise.all(both)).map(({ outcome }) => outcome)).toEqual(["miss/frame-new", "miss/frame-new"]);
  });

  test("of the entries: a hit that would have been stores nothing, replaces nothing and prolongs nothing", async () => {
    const headers = room();
    provider.script(says("Paris."));
    provider.script(says("Paris, of course."), { times: 2 });
    await put(shadow, stored, headers);
    const entries = async () => {
      const path = `/semcache/v1/admin/entries?namespace=${headers[1]?.[1]}`;
      const page: { entries: { id: string; expiresAt: string }[] } = (
        await ask(shadow.port, { method: "GET", path })
      ).json();
      return page.entries.map(({ id, expiresAt }) => ({ id, expiresAt }));
    };
    // Who asks for an entry that is not there waits for those on their way.
    await ask(shadow.port, { method: "GET", path: "/semcache/v1/admin/entries/none" });
    const before = await entries();
    for (const prompt of [stored, asked]) {
      const answer = await put(shadow, prompt, headers);
      expect(answer.outcome).toBe("miss/shadow");
      expect(answer.text).toContain("Paris, of course.");
      expect(await shadow.log.waitFor((line) => line["request"] === answer.id && "notStored" in line)).toMatchObject({
        notStored: "shadow",
      });
      await comparisonOf(shadow, answer);
    }
    expect(before).toHaveLength(1);
    expect(await entries()).toEqual(before);
  });

  test("and asks nothing on its own account with audit_rate: 0", async () => {
    const quiet = await startSemcache(provider.url, { cache: { mode: "shadow" }, matching: { audit_rate: 0 } });
    const headers = room();
    provider.script(says("It is Paris, since 987."));
    provider.script(says("Bake it at 180 degrees."));
    await put(quiet, stored, headers);
    const meant = await put(quiet, asked, headers);
    expect(await comparisonOf(quiet, meant)).toMatchObject({ outcome: "suspect" });
    await quiet.close();
    expect(provider.requests).toHaveLength(2);
  });

  test("but somebody's word on a hit that would have been is heard", async () => {
    const headers = room();
    await put(shadow, stored, headers);
    const meant = await put(shadow, asked, headers);
    const told = await ask(shadow.port, {
      path: "/semcache/v1/feedback",
      headers,
      body: { request: meant.id, verdict: "wrong" },
    });
    expect(told.json()).toEqual({ pairs: 1, removed: 0 });
    expect((await put(shadow, asked, headers)).outcome).toBe("miss/guard-reported");
  });
});

test("figures outlive the process, end with DELETE, and begin anew with another matching", async () => {
  const overrides = { cache: { mode: "shadow" }, store: { path: join(folder, "kept") } };
  const headers: HeaderList = [
    ["authorization", "Bearer first"],
    ["x-semcache-namespace", "kept"],
  ];
  const run = async <T>(more: object, work: (semcache: RunningSemcache) => Promise<T>): Promise<T> => {
    const semcache = await startSemcache(provider.url, { ...overrides, ...more });
    try {
      return await work(semcache);
    } finally {
      await semcache.close();
    }
  };
  const before = await run({}, async (semcache) => {
    await put(semcache, stored, headers);
    await comparisonOf(semcache, await put(semcache, stored, headers));
    return (await shadowOf(semcache)).shadow;
  });
  await run({}, async (semcache) => {
    expect((await shadowOf(semcache)).shadow).toEqual(before);
    await comparisonOf(semcache, await put(semcache, stored, headers));
    const { lookups, partitions } = (await shadowOf(semcache)).shadow;
    expect([lookups, partitions[0]?.lookups]).toEqual([3, 3]);
  });
  await run({ cache: { mode: "semantic" } }, async (semcache) => {
    expect((await put(semcache, stored, headers)).outcome).toBe("hit/exact");
    const { mode, shadow: report } = await shadowOf(semcache);
    expect([mode, report.lookups]).toEqual(["semantic", 3]);
    const stats = await ask(semcache.port, { method: "GET", path: "/semcache/v1/admin/stats" });
    expect(stats.json()).not.toHaveProperty("shadow");
  });
  await run({ matching: { max_error_rate: 0.02 } }, async (semcache) => {
    expect((await shadowOf(semcache)).shadow).toMatchObject({ lookups: 0, partitions: [] });
    await put(semcache, stored, headers);
    expect((await shadowOf(semcache)).shadow.lookups).toBe(1);
    expect((await shadowOf(semcache, "DELETE")).shadow.lookups).toBe(0);
  });
});

test("audits are reported alike", async () => {
  const semcache = await startSemcache(provider.url, { matching: { audit_rate: 1 } });
  const headers = room();
  provider.script(says("It is Paris, since 987."));
  provider.script(says("Bake it at 180 degrees."), { times: 2 });
  await put(semcache, stored, headers);
  const hit = await put(semcache, asked, headers);
  expect(hit.outcome).toBe("hit/semantic");
  await semcache.log.waitFor((line) => line["msg"] === "An audit found a wrong hit");
  const { audits, shadow: none } = await shadowOf(semcache);
  expect(none.lookups).toBe(0);
  expect(audits).toMatchObject({
    all: { hits: 1, wrong: 1, wrongRate: { rate: 1 } },
    partitions: [{ namespace: headers[1]?.[1] }],
    worst: [{ request: hit.id, outcome: "wrong" }],
  });
  await semcache.close();
});
