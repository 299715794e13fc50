import { parseArgs } from "node:util";
import { createApp } from "../app.ts";
import { loadConfig } from "../config/load.ts";
import { planReload } from "../config/plan-reload.ts";
import { configFlags, parseCommand, toOverrides } from "./arguments.ts";
import { exitOnFault } from "./exit-on-fault.ts";
import { onHangUp } from "./on-hang-up.ts";
import { untilStopped } from "./until-stopped.ts";

/** `semcache [serve]` */
export async function runServe(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(() => parseArgs({ args: [...args], options: configFlags, allowPositionals: true }), {
    count: 0,
    name: "no further words",
  });
  const read = () => loadConfig({ file: values.config ?? null, overrides: toOverrides(values) });
  const loaded = read();
  const app = await createApp(loaded.config, { notes: loaded.notes, warnings: loaded.warnings, source: loaded.source });
  exitOnFault(app);
  let { settings } = loaded;
  onHangUp(() => {
    settings = app.reload(() => planReload(settings, read()))?.settings ?? settings;
  });
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
