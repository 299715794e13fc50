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
    const { verdict, reason, similarity, confidence, guard } = await judging.patientMatcher.compare(a, b);
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ verdict, reason, similarity, confidence, guard })}\n`);
      return 0;
    }
    const lines = [
      `verdict     ${verdict}${reason ? ` (${reason})` : ""}`,
      `similarity  ${similarity === null ? "not computed" : similarity.toFixed(4)}  cosine of the two embeddings`,
      `confidence  ${confidence === null ? "not computed: decided before the verifier was asked" : confidence.toFixed(4)}`,
      `bar         ${Number.isFinite(judging.bar) ? judging.bar : "never"}  for max_error_rate ${config.matching.maxErrorRate}`,
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
