import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

/** The interpreter of the environment that `npm run test:clients` makes. */
const python = process.env["SEMCACHE_TEST_PYTHON"];

if (!python) {
  process.stdout.write(
    "skipped: Python client libraries are missing; `npm run test:clients` installs and tests them\n",
  );
}

describe.skipIf(!python)("Python client libraries", () => {
  let provider: ImitationProvider;
  let semcache: RunningSemcache;
  beforeAll(async () => {
    provider = await startImitationProvider();
    semcache = await startSemcache(provider.url);
  });
  afterAll(async () => {
    await semcache.close();
    await provider.close();
  });

  it("pass their tests", { timeout: 600_000 }, async () => {
    const { code, output } = await run([
      "-m",
      "pytest",
      "-p",
      "no:cacheprovider",
      // The libraries' own warnings: deprecated models, types of pydantic.
      "--disable-warnings",
      "-q",
      `${import.meta.dirname}/python`,
    ]);
    process.stdout.write(output);
    expect(code).toBe(0);
  });

  async function run(args: readonly string[]): Promise<{ code: number | null; output: string }> {
    const child = spawn(python ?? "", args, {
      env: {
        ...environment(),
        // The provider page says localhost; a proxy that the machine has set up must not be asked for it.
        SEMCACHE_URL: `http://localhost:${semcache.port}`,
        PROVIDER_URL: provider.url,
        NO_PROXY: "localhost,127.0.0.1,::1",
        // Nothing but loopback is called: without these, litellm and LangSmith look for their servers.
        LITELLM_LOCAL_MODEL_COST_MAP: "True",
        LANGSMITH_TRACING: "false",
        PYTHONUTF8: "1",
        PYTHONDONTWRITEBYTECODE: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString("utf8")));
    child.stderr.on("data", (bytes: Buffer) => (output += bytes.toString("utf8")));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    return { code, output };
  }
});

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_PROXY$/iu.test(name)));
}
