import { describe, expect, test } from "vitest";
import { runChild } from "./child.ts";

const ROUNDS = Number(process.env["SEMCACHE_DAMAGE_ROUNDS"] ?? 120);
const BATCH = 60;
const seed = Number(process.env["SEMCACHE_SEED"] ?? Date.now() % 2 ** 31);

interface Round {
  readonly round?: number;
  readonly kind?: string;
  readonly found?: number;
  readonly of?: number;
  readonly lines?: readonly string[];
  readonly done?: true;
}

/** After these nothing of the file can be there, and the log must say why. */
const replaced = new Set(["zeros", "a text", "garbage", "another order of bytes", "another data version"]);
/** These leave the entries alone. */
const harmless = new Set(["a damaged lock file", "no lock file", "a damaged note of the end", "cut behind its end"]);

describe("a store that was damaged at rest", () => {
  test.each(Array.from({ length: Math.ceil(ROUNDS / BATCH) }, (_, batch) => seed + batch))(
    "gives no wrong answer, ends no process and takes entries again (seed %i)",
    { timeout: 300_000 },
    async (batchSeed) => {
      const { code, signal, stdout, stderr } = await runChild("damaged-store-child.mjs", [`${batchSeed}`, `${BATCH}`]);
      const rounds = stdout
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Round);
      expect({ code, signal, stderr, last: rounds.at(-1) }).toEqual({
        code: 0,
        signal: null,
        stderr: "",
        last: { done: true },
      });
      const results = rounds.filter(({ found }) => found !== undefined);
      expect(results).toHaveLength(BATCH);
      for (const result of results) {
        expect(result).toMatchObject({ wrong: [], back: [], taken: 20, missing: [] });
        const kind = result.kind ?? "";
        if (replaced.has(kind)) expect(result.lines?.join()).toMatch(/set aside as .*, and a new one begun/u);
        if (harmless.has(kind)) expect(result).toMatchObject({ found: result.of, lines: [] });
      }
    },
  );
});
