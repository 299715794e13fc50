// The gate's material: files of one kind each, one JSON object a line.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";

const pair = z.strictObject({
  /** The stored prompt. */
  a: z.string().min(1),
  /** The request: may it be answered with the answer that was given to `a`, everything else being equal? */
  b: z.string().min(1),
  may_share: z.boolean(),
  reason: z.string().min(1),
});
/** A request that was written to be taken for another one. A hit is always wrong. */
const attack = pair.omit({ may_share: true });

export type LabelledPair = z.infer<typeof pair>;

export interface Kind {
  readonly name: string;
  readonly pairs: readonly LabelledPair[];
}

export interface Material {
  readonly pairs: readonly Kind[];
  /** `may_share` is false in all of them. */
  readonly attacks: readonly Kind[];
}

export function readMaterial(folder = import.meta.dirname): Material {
  return {
    pairs: readKinds(join(folder, "pairs"), (line) => pair.parse(line)),
    attacks: readKinds(join(folder, "attacks"), (line) => ({ ...attack.parse(line), may_share: false })),
  };
}

function readKinds(folder: string, parse: (line: unknown) => LabelledPair): readonly Kind[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".jsonl"))
    .sort()
    .map((file) => ({
      name: basename(file, ".jsonl"),
      pairs: readFileSync(join(folder, file), "utf8")
        .trimEnd()
        .split("\n")
        .map((line, index) => {
          try {
            return parse(JSON.parse(line));
          } catch (cause) {
            throw new Error(`Cannot read ${file}: line ${index + 1} is no pair`, { cause });
          }
        }),
    }));
}

/** What the gate promises of its own material. */
const PROMISED = { kinds: 26, pairs: 1_560, pairsOfKind: 50, attacks: 350, attacksOfKind: 25 };

/** Where the material is less than was promised: one line each. */
export function findGaps({ pairs, attacks }: Material): readonly string[] {
  const gaps: string[] = [];
  const expectAtLeast = (what: string, size: number, promised: number) => {
    if (size < promised) gaps.push(`${what}: ${size}, promised are ${promised}`);
  };
  expectAtLeast("kinds of pairs", pairs.length, PROMISED.kinds);
  expectAtLeast("pairs", sizeOf(pairs), PROMISED.pairs);
  expectAtLeast("attacks", sizeOf(attacks), PROMISED.attacks);
  for (const kind of pairs) {
    expectAtLeast(`pairs of ${kind.name}`, kind.pairs.length, PROMISED.pairsOfKind);
    const mustHit = kind.pairs.filter(({ may_share }) => may_share).length;
    if (2 * mustHit !== kind.pairs.length)
      gaps.push(`${kind.name}: ${mustHit} of ${kind.pairs.length} must hit, not half`);
  }
  for (const kind of attacks) expectAtLeast(`attacks of ${kind.name}`, kind.pairs.length, PROMISED.attacksOfKind);
  const seen = new Map<string, string>();
  for (const kind of [...pairs, ...attacks])
    for (const { a, b } of kind.pairs) {
      const key = JSON.stringify([a, b].sort());
      const before = seen.get(key);
      if (a === b) gaps.push(`${kind.name}: the prompts are equal: ${key}`);
      if (before !== undefined) gaps.push(`${kind.name}: already in ${before}: ${key}`);
      seen.set(key, kind.name);
    }
  return gaps;
}

function sizeOf(kinds: readonly Kind[]): number {
  return kinds.reduce((sum, kind) => sum + kind.pairs.length, 0);
}
