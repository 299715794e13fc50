import { describe, expect, it } from "vitest";
import { MAX_PATH_STEPS, parsePromptPath } from "#semcache/formats/parse-prompt-path.js";

// Path and body both come from the caller, and the search runs on the event loop: whatever they are, it is over soon.
const MAX_MS = 1_000;

function search(path: string, body: object): string {
  const startedAt = performance.now();
  let outcome = "selected";
  try {
    parsePromptPath(path).select(body as never);
  } catch (error) {
    outcome = (error as Error).message;
  }
  expect(performance.now() - startedAt).toBeLessThan(MAX_MS);
  return outcome;
}

const large = Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`name${index}`, 0]));
const tooMany = `more than ${MAX_PATH_STEPS} steps`;

describe("a prompt path that multiplies", () => {
  it.each([
    ["the length of a large object for each element", "$.list[?length($.large)==1]", 0],
    ["a comparison with a large object for each element", "$.list[?@==$.large]", { a: 1 }],
  ])("%s", (_, path, element) => {
    expect(search(path, { list: Array.from({ length: 8_000 }, () => element), large })).toContain(tooMany);
  });

  it("an expression of many alternatives, asked of empty texts", () => {
    const pattern = Array.from({ length: 90 }, () => "(a?){499}").join("|");
    const outcome = search(`$.list[?match(@,'${pattern}')]`, { list: Array(10_000).fill("") });
    expect(["selected", expect.stringContaining(tooMany)]).toContainEqual(outcome);
  });

  it("an expression with all the states that one may have, asked of empty texts", () => {
    const outcome = search("$.list[?match(@,'(a?){499}')]", { list: Array(10_000).fill("") });
    expect(outcome).toContain(tooMany);
  });

  it("expressions in the body, each compiled once", () => {
    const list = Array.from({ length: 5_000 }, (_, index) => `x{0,${999 - (index % 900)}}${index}`);
    expect(search("$.list[?match('x',@)]", { list })).toContain(tooMany);
  });

  it("one member that is selected again and again", () => {
    const names = Array.from({ length: 200 }, () => "'a'").join(",");
    expect(search(`$..[${names}]`, { list: Array.from({ length: 20_000 }, () => ({ a: 0 })) })).toContain(tooMany);
  });
});
