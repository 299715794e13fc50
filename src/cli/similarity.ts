import { parseArgs } from "node:util";
import { createJudging } from "../app.ts";
import { loadConfig } from "../config/load.ts";
import { configFlags, parseCommand, toOverrides } from "./arguments.ts";

/** `semcache similarity A B [--json]`: the same code path as a lookup, without a server. */
export async function runSimilarity(args: readonly string[]): Promise<number> {
  const options = { ...configFlags, json: { type: "boolean" } } as const;
  const { values, positionals } = parseCommand(
    () => parseArgs({ args: [...args], options: options, allowPositionals: true }),
    { count: 2, name: "two prompts" },
  );
  const [a = "", b = ""] = positionals;
  const { config } = loadConfig({ file: values.config ?? null, overrides: toOverrides(values) });
  const judging = await createJudging(config);
  try {
    const judgement = await judging.patientMatcher.compare(a, b);
    if (values.json) {
      process.stdout.write(`${JSON.stringify(judgement)}\n`);
      return 0;
    }
    const { verdict, reason, similarity, verifier, confidence, threshold, guard } = judgement;
    const lines = [
      `verdict     ${verdict}${reason ? ` (${reason})` : ""}`,
      `similarity  ${similarity === null ? "not computed" : similarity.toFixed(4)}  cosine of the two embeddings`,
      `verifier    ${verifier === null ? "not asked" : verifier.toFixed(4)}  logit of the cross-encoder`,
      `confidence  ${confidence === null ? "not computed: decided before" : confidence.toFixed(4)}  probability that the answer may be shared`,
      `threshold   ${threshold === null ? (verdict === "hit" ? "none" : "not reached") : threshold}  for max_error_rate ${config.matching.maxErrorRate}`,
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
