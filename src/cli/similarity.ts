import { parseArgs } from "node:util";
import { createJudging } from "../app.ts";
import { systemClock } from "../base/clock.ts";
import { loadConfig } from "../config/load.ts";
import { LABELLED_PAIRS_FILE, LabelledPairs } from "../matching/audit/labelled-pairs.ts";
import { createTrust } from "../matching/audit/trust.ts";
import { compareTrusted } from "../matching/audit/trusted-comparison.ts";
import type { PartitionKey } from "../model/keys.ts";
import { readFileState } from "../store/file-state-store.ts";
import { createMemoryStateStore } from "../store/state-store.ts";
import { configFlags, parseCommand, toOverrides } from "./arguments.ts";

/**
 * `semcache similarity A B [--partition KEY] [--json]`: the same code path as a lookup, without a server, but with what
 * audits and people have told one over the same data folder.
 */
export async function runSimilarity(args: readonly string[]): Promise<number> {
  const options = { ...configFlags, json: { type: "boolean" }, partition: { type: "string" } } as const;
  const { values, positionals } = parseCommand(
    () => parseArgs({ args: [...args], options: options, allowPositionals: true }),
    { count: 2, name: "two prompts" },
  );
  const [a = "", b = ""] = positionals;
  const { config } = loadConfig({ file: values.config ?? null, overrides: toOverrides(values) });
  const { path } = config.store;
  const read = async (fileName?: string) => (path === null ? createMemoryStateStore() : readFileState(path, fileName));
  const labelled = new LabelledPairs({ state: await read(LABELLED_PAIRS_FILE) });
  const { maxErrorRate: promised } = config.matching;
  const trust = createTrust({
    state: await read(),
    clock: systemClock,
    maxErrorRate: promised,
    isNearWrong: (partition, asked) => labelled.isNearWrong(partition, asked),
    onRaised: () => undefined,
  });
  const judging = await createJudging(config);
  try {
    const judgement = await compareTrusted(
      { matcher: judging.patientMatcher, trust },
      { a, b, partition: (values.partition ?? null) as PartitionKey | null },
    );
    if (values.json) {
      process.stdout.write(`${JSON.stringify(judgement)}\n`);
      return 0;
    }
    const { verdict, reason, similarity, verifier, confidence, threshold, guard, compared, maxErrorRate } = judgement;
    const lines = [
      `verdict     ${verdict}${reason ? ` (${reason})` : ""}`,
      `similarity  ${similarity === null ? "not computed" : similarity.toFixed(4)}  cosine of the two embeddings${compared === "window" ? " of what the prompts ask, the rest being equal" : ""}`,
      `verifier    ${verifier === null ? "not asked" : verifier.toFixed(4)}  logit of the cross-encoder`,
      `confidence  ${confidence === null ? "not computed: decided before" : confidence.toFixed(4)}  probability that the answer may be shared${compared === "window" ? ", the doubt counted twice" : ""}`,
      `threshold   ${threshold === null ? (verdict === "hit" ? "none" : "not reached") : threshold}  for max_error_rate ${maxErrorRate}${maxErrorRate < promised ? `: raised, ${promised} is configured` : ""}`,
      ...guard.map(
        ({ code, effect, a: left, b: right }) => `guard       ${code} (${effect}): "${left}" against "${right}"`,
      ),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
    return 0;
  } finally {
    await judging.close();
  }
}
