import { parseArgs } from "node:util";
import { SemcacheError } from "../../base/errors.ts";
import { pairFormats, type PairFormat } from "../../transfer/pair-lines.ts";
import { parseCommand } from "../arguments.ts";
import { createStreamOutput, openFileOutput } from "../output.ts";
import { toCount } from "../progress-bar.ts";
import { openPairs, type PairWishes } from "./open-pairs.ts";

const flags = {
  config: { type: "string" },
  data: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  format: { type: "string" },
  verdict: { type: "string" },
  by: { type: "string" },
  namespace: { type: "string" },
  model: { type: "string" },
  tenant: { type: "string" },
  since: { type: "string" },
} as const;

/** `semcache feedback export [FILE]`: the pairs of prompts that somebody has given a verdict on. */
export async function runFeedback(args: readonly string[]): Promise<number> {
  const [action, ...rest] = args;
  if (action !== "export") {
    throw new SemcacheError(
      "usage",
      `Cannot run: feedback ${action ?? "alone"} is unknown, expected export. Try semcache --help`,
    );
  }
  const { values, positionals } = parseCommand(
    () => parseArgs({ args: [...rest], options: flags, allowPositionals: true }),
    { count: 1, least: 0, name: "at most one file" },
  );
  const { config, data, url, token, format, verdict, by, since, ...equal } = values;
  const wishes: PairWishes = {
    format: oneOf("format", format ?? "jsonl", Object.keys(pairFormats) as PairFormat[]),
    filter: {
      ...equal,
      verdict: verdict === undefined ? undefined : oneOf("verdict", verdict, ["right", "wrong"]),
      by: by === undefined ? undefined : oneOf("by", by, ["person", "audit"]),
      sinceMs: since === undefined ? undefined : toTime(since),
    },
  };
  const pages = await openPairs({ config, data, url, token }, wishes);
  const [path = "-"] = positionals;
  const output = path === "-" ? createStreamOutput(process.stdout) : await openFileOutput(path);
  let bytes = 0;
  try {
    for await (const chunk of pages) {
      bytes += chunk.length;
      if (!(await output.write(chunk))) break;
    }
    await output.finish();
  } catch (error) {
    await output.discard();
    throw error;
  }
  if (path !== "-") process.stderr.write(`exported ${toCount(bytes, "byte", "bytes")} to ${path}\n`);
  return 0;
}

function oneOf<const T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new SemcacheError(
    "usage",
    `Cannot run: --${flag} is ${JSON.stringify(value)}, allowed are ${allowed.join(", ")}`,
  );
}

function toTime(text: string): number {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw new SemcacheError(
    "usage",
    `Cannot run: --since is ${JSON.stringify(text)}, expected a time such as 2026-01-31T00:00:00Z`,
  );
}
