import { parseArgs } from "node:util";
import { loadConfig } from "../../config/load.ts";
import { configFlags, parseCommand, toOverrides } from "../arguments.ts";
import { createStreamOutput, openFileOutput } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";
import { encodeHtmlReport } from "./html-report.ts";
import { replayLog } from "./replay-log.ts";
import { takeFile } from "./take-file.ts";
import { encodeTerminalReport } from "./terminal-report.ts";
import { toWishes, tuneFlags } from "./tune-flags.ts";

/**
 * `semcache tune FILE`: a log replayed to caches of all settings, and what to set. 1 where nothing could be replayed, or
 * the replay was interrupted: then the report is of what was done.
 */
export async function runTune(args: readonly string[]): Promise<number> {
  const options = { ...configFlags, ...tuneFlags } as const;
  const { values, positionals } = parseCommand(() => parseArgs({ args: [...args], options, allowPositionals: true }), {
    count: 1,
    name: "a log, or - for standard input",
  });
  const wishes = toWishes(values);
  const { config } = loadConfig({ file: values.config ?? null, overrides: toOverrides(values) });
  const stop = stopSignal();
  const started = performance.now();
  const log = await takeFile(positionals[0] ?? "-", config, {
    ...wishes,
    promptName: values.prompt ?? null,
    labelName: values.label ?? null,
    stop,
  });
  const report = await replayLog(log, config, wishes, { stop, started });
  if (values.html !== undefined && !report.interrupted) await writeFile(values.html, encodeHtmlReport(report));
  const output = createStreamOutput(process.stdout);
  await output.write(values.json ? `${JSON.stringify(report)}\n` : encodeTerminalReport(report));
  await output.finish();
  if (!values.json && values.html !== undefined && !report.interrupted) process.stderr.write(`wrote ${values.html}\n`);
  return report.interrupted ? 1 : 0;
}

async function writeFile(path: string, text: string): Promise<void> {
  const output = await openFileOutput(path);
  try {
    await output.write(text);
    await output.finish();
  } catch (error) {
    await output.discard();
    throw error;
  }
}
