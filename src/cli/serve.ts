import { parseArgs } from "node:util";
import { createApp } from "../app.ts";
import { loadConfig } from "../config/load.ts";
import { configFlags, parseCommand, toOverrides } from "./arguments.ts";
import { exitOnFault } from "./exit-on-fault.ts";
import { untilStopped } from "./until-stopped.ts";

/** `semcache [serve]` */
export async function runServe(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(() => parseArgs({ args: [...args], options: configFlags, allowPositionals: true }), {
    count: 0,
    name: "no further words",
  });
  const loaded = loadConfig({ file: values.config ?? null, overrides: toOverrides(values) });
  const app = await createApp(loaded.config, { notes: loaded.notes, warnings: loaded.warnings, source: loaded.source });
  exitOnFault(app);
  const { url } = await app.listen();
  if (process.stderr.isTTY) {
    process.stderr.write(
      `Semcache listens on ${url} (dashboard: ${url}/admin). Point your SDK's base URL there. Ctrl-C stops.\n`,
    );
  }
  await untilStopped();
  await app.close();
  return 0;
}
