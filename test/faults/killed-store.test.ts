import { expect, test } from "vitest";
import { killRounds } from "./kill-rounds.ts";

const ROUNDS = Number(process.env["SEMCACHE_KILL_ROUNDS"] ?? 200);
const seed = Number(process.env["SEMCACHE_SEED"] ?? Date.now() % 2 ** 31);

test(
  `a process that is killed in the midst of its writes loses nothing that it acknowledged, ${ROUNDS} times (seed ${seed})`,
  { timeout: 5_000 * ROUNDS },
  async () => {
    const { found } = await killRounds(ROUNDS, seed);
    expect(found).toBeGreaterThan(ROUNDS);
  },
);
