import { describe, expect, it } from "vitest";
import { sampleReport } from "../../test/support/sample-report.ts";
import { BoundedNames } from "./bounded-names.ts";
import { createSavings } from "./savings.ts";

const saved = (tokens: number, dollars: number | null) => ({ savedTokens: tokens, savedCost: dollars });

describe("createSavings", () => {
  it("begins with nothing", () => {
    expect(createSavings().snapshot()).toMatchObject({ currency: "USD", calls: 0, tokens: 0, dollars: 0, byModel: [] });
  });

  it("sums by way, model, tenant and route", () => {
    const savings = createSavings();
    savings.add(sampleReport({ ...saved(30, 0.5), savedMs: 500 }));
    savings.add(sampleReport({ ...saved(10, 2), match: "semantic", model: "gpt-4o", tenant: "other-te" }));
    savings.add(sampleReport({ ...saved(5, 0.25), cacheStatus: "stale", stale: "max-stale", route: "generic" }));
    savings.add(sampleReport({ ...saved(5, 0.25), cacheStatus: "miss", match: null, reason: "joined", savedMs: null }));
    const { calls, tokens, dollars, byWay, byModel, byTenant, byRoute } = savings.snapshot();
    expect({ calls, tokens, dollars }).toEqual({ calls: 4, tokens: 50, dollars: 3 });
    expect(byWay).toEqual({
      exact: { calls: 1, tokens: 30, dollars: 0.5, unpricedTokens: 0 },
      semantic: { calls: 1, tokens: 10, dollars: 2, unpricedTokens: 0 },
      stale: { calls: 1, tokens: 5, dollars: 0.25, unpricedTokens: 0 },
      joined: { calls: 1, tokens: 5, dollars: 0.25, unpricedTokens: 0 },
    });
    expect(byModel.map(({ model, dollars: each }) => [model, each])).toEqual([
      ["gpt-4o", 2],
      ["gpt-4o-mini", 1],
    ]);
    expect(byTenant.map(({ tenant, calls: each }) => [tenant, each])).toEqual([
      ["other-te", 1],
      ["Zk3xq0aB", 3],
    ]);
    expect(byRoute.map(({ route, dollars: each }) => [route, each])).toEqual([
      ["openai-chat-completions", 2.75],
      ["generic", 0.25],
    ]);
  });

  it("says what the tokens were", () => {
    const savings = createSavings();
    const usage = {
      inputTokens: 100,
      outputTokens: 50,
      cachedInputTokens: 80,
      cacheWriteTokens: 10,
      reasoningTokens: 20,
    };
    savings.add(sampleReport({ ...saved(150, 1), usage, savedMs: 1_500 }));
    savings.add(sampleReport({ ...saved(150, 1), usage, savedMs: 1_500 }));
    expect(savings.snapshot()).toMatchObject({
      inputTokens: 200,
      outputTokens: 100,
      cachedInputTokens: 160,
      reasoningTokens: 40,
      seconds: 3,
    });
  });

  it("counts only the tokens of models without a price, and names them", () => {
    const savings = createSavings();
    savings.add(sampleReport({ ...saved(30, null), model: "house-1" }));
    savings.add(sampleReport({ ...saved(40, null), model: "house-2" }));
    savings.add(sampleReport(saved(5, 0)));
    const { dollars, tokens, unpricedTokens, unpricedModels } = savings.snapshot();
    expect({ dollars, tokens, unpricedTokens }).toEqual({ dollars: 0, tokens: 75, unpricedTokens: 70 });
    expect(unpricedModels).toEqual([
      { model: "house-2", tokens: 40 },
      { model: "house-1", tokens: 30 },
    ]);
  });

  it("counts a hit of unknown usage as a call without tokens", () => {
    const savings = createSavings();
    savings.add(sampleReport({ usage: null, savedTokens: null, savedCost: null }));
    expect(savings.snapshot()).toMatchObject({ calls: 1, tokens: 0, unpricedTokens: 0, callsOfUnknownUsage: 1 });
  });

  it.each<[string, Parameters<typeof sampleReport>[0]]>([
    ["a miss", { cacheStatus: "miss", match: null, reason: "no-candidate", savedMs: null, ...saved(0, null) }],
    ["a joined flight that broke off", { cacheStatus: "miss", reason: "joined", savedTokens: null, savedMs: null }],
    ["a bypass", { cacheStatus: "bypass", match: null, reason: "off", savedTokens: null, savedMs: null }],
    ["a stale answer in the place of a failure", { cacheStatus: "stale", savedTokens: null, savedMs: null }],
  ])("counts nothing for %s", (_what, changes) => {
    const savings = createSavings();
    savings.add(sampleReport(changes));
    expect(savings.snapshot()).toMatchObject({ calls: 0, tokens: 0, callsOfUnknownUsage: 0 });
  });

  it("counts what audits cost beside what was saved", () => {
    const savings = createSavings();
    savings.addAudit({ usage: { inputTokens: 20, outputTokens: 10 }, cost: 0.5 });
    savings.addAudit({ usage: { inputTokens: 20, outputTokens: 10 }, cost: null });
    savings.addAudit({ usage: null, cost: null });
    const { audits, dollars, calls } = savings.snapshot();
    expect(audits).toEqual({ calls: 3, tokens: 60, dollars: 0.5, unpricedTokens: 30 });
    expect([dollars, calls]).toEqual([0, 0]);
  });

  it("tells a hundred models and tenants apart, and counts the rest together", () => {
    const savings = createSavings();
    for (let index = 0; index < 250; index++) {
      savings.add(sampleReport({ ...saved(1, 1), model: `model-${index}`, tenant: `t${index}` }));
    }
    const { byModel, byTenant, dollars } = savings.snapshot();
    expect(byModel).toHaveLength(101);
    expect(byTenant).toHaveLength(101);
    expect(byModel[0]).toMatchObject({ model: "other", calls: 150, dollars: 150 });
    expect(byModel.reduce((sum, each) => sum + each.dollars, 0)).toBe(dollars);
  });
});

describe("BoundedNames", () => {
  it("keeps what it knows when it is full", () => {
    const names = new BoundedNames(2);
    expect(["a", "b", "c", "a", "d"].map((name) => names.of(name))).toEqual(["a", "b", "other", "a", "other"]);
  });

  it("has room for as many names where the rest was there first", () => {
    const names = new BoundedNames(2);
    expect(["other", "a", "b", "c"].map((name) => names.of(name))).toEqual(["other", "a", "b", "other"]);
  });

  it("cuts long names", () => {
    expect(new BoundedNames(2).of("x".repeat(100_000))).toHaveLength(128);
  });
});
