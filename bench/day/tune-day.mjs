import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const run = promisify(execFile);

/** What `semcache tune FILE --json` says at its defaults. @param {string} file @param {string} folder to run in, without a configuration */
export async function tuneDay(file, folder) {
  const { stdout } = await run(process.execPath, [command, "tune", file, "--json", "--pairs", "10"], {
    cwd: folder,
    // Defaults only: no variable of whoever runs this may change a verdict.
    env: { PATH: process.env.PATH ?? "" },
    maxBuffer: 256 * 2 ** 20,
  });
  return JSON.parse(stdout);
}
