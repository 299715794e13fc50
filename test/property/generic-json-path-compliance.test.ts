// The JSONPath Compliance Test Suite (jsonpath-standard), as the package jsonpath-rfc9535 ships it.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "#semcache/base/json.js";
import { isSemcacheError } from "#semcache/base/errors.js";
import { parsePromptPath } from "#semcache/formats/parse-prompt-path.js";

interface Case {
  readonly name: string;
  readonly selector: string;
  readonly document?: JsonValue;
  readonly result?: readonly JsonValue[];
  readonly results?: readonly (readonly JsonValue[])[];
  readonly invalid_selector?: boolean;
}

const suite = JSON.parse(
  readFileSync(
    new URL(
      "../../node_modules/jsonpath-rfc9535/src/__tests__/jsonpath-compliance-test-suite/cts.json",
      import.meta.url,
    ),
    "utf8",
  ),
) as { readonly tests: readonly Case[] };

describe("the compliance suite of RFC 9535", () => {
  it.each(suite.tests.filter((test) => test.invalid_selector === true))("refuses: $name ($selector)", (test) => {
    let caught: unknown;
    try {
      parsePromptPath(test.selector);
    } catch (error) {
      caught = error;
    }
    expect(isSemcacheError(caught, "prompt-path-invalid")).toBe(true);
  });

  it.each(suite.tests.filter((test) => test.invalid_selector !== true))("selects: $name ($selector)", (test) => {
    const nodes = parsePromptPath(test.selector).select(test.document ?? null);
    const values = nodes.map(({ value }) => value);
    expect([test.result ?? null, ...(test.results ?? [])]).toContainEqual(values);
    for (const { value, location } of nodes) {
      let at: unknown = test.document;
      for (const key of location) at = (at as Record<string | number, unknown>)[key];
      expect(at).toBe(value);
    }
  });
});
