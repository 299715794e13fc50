import { expect, it } from "vitest";
import { dialects } from "./dialects.ts";

it("lists every dialect under its own name", () => {
  for (const [name, dialect] of Object.entries(dialects)) expect(dialect.name).toBe(name);
});
