// Tests the Python client libraries, and the Python snippets of the documentation, against the built product (`npm run test:clients`). The environment in .venv/ is
// made once for each requirements.txt. Without Python there is one line that says so: no failure on a machine of
// somebody who works on something else, a failure in CI, where a silent skip would look like a pass.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const environment = `${root}.venv`;
const requirements = `${root}test/clients/python/requirements.txt`;
const bin = process.platform === "win32" ? `${environment}/Scripts/python.exe` : `${environment}/bin/python`;

const missing = prepare();
if (missing) {
  console.log(`skipped: the tests of the Python client libraries need ${missing}`);
  process.exit(process.env.CI === "true" ? 1 : 0);
}
const { status } = spawnSync(
  process.execPath,
  [
    `${root}node_modules/vitest/vitest.mjs`,
    "run",
    "--root",
    root,
    "test/clients/python.test.ts",
    "test/docs/snippets.test.ts",
    "-t",
    "[Pp]ython",
  ],
  { stdio: "inherit", env: { ...process.env, SEMCACHE_TEST_PYTHON: bin } },
);
process.exit(status ?? 1);

/** Makes the environment; gives what is missing and how to get it, or null. */
function prepare() {
  const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const stamp = `${environment}/requirements.sha256`;
  if (existsSync(bin) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return null;
  const python = ["python3", "python"].find(
    (name) => run(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"], "ignore") === 0,
  );
  if (!python) return "Python 3.10 or newer (https://www.python.org/downloads, or apt install python3 python3-venv)";
  rmSync(environment, { recursive: true, force: true });
  if (run(python, ["-m", "venv", environment], "ignore") !== 0) {
    return `Python's venv module with pip, which ${python} has not (apt install python3-venv)`;
  }
  console.log("Installing the Python client libraries into .venv (once)");
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", requirements];
  if (run(bin, args, "inherit") !== 0)
    return "the packages of test/clients/python/requirements.txt, from PyPI or a mirror";
  writeFileSync(stamp, digest);
  return null;
}

function run(command, args, stdio) {
  return spawnSync(command, args, { stdio }).status;
}
