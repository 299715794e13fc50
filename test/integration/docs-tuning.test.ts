import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { run } from "../support/command.ts";

const page = readFileSync(new URL("../../docs/tuning.md", import.meta.url), "utf8");
const folder = fileURLToPath(new URL("../fixtures/tuning/", import.meta.url));
const files = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(folder + name, "utf8")]));

/** Blocks of a command and what it prints; "…" stands for lines that are left out. */
const examples = [...page.matchAll(/^```console\n\$ semcache (.+)\n([^]*?)^```$/gm)].map(
  ([, args = "", output = ""]) => ({
    args,
    output,
  }),
);

describe("the examples of docs/tuning.md", () => {
  it("are there", () => expect(examples.length).toBeGreaterThan(1));

  it.each(examples)(
    "semcache $args",
    async ({ args, output }) => {
      const { code, stdout, stderr } = await run(args.split(" "), { files });
      expect([code, stderr]).toEqual([0, ""]);
      let rest = stdout;
      for (const piece of output.split("…\n")) {
        expect(rest).toContain(piece);
        rest = rest.slice(rest.indexOf(piece) + piece.length);
      }
    },
    60_000,
  );
});
