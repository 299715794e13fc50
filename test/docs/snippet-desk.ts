import { spawn } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile, chmod, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What has not ended by itself by then is ended, with all that it started. */
const MAX_MS = 120_000;

export interface DeskOptions {
  readonly port: number;
  readonly providerUrl: string;
}

/**
 * A folder in which the snippets of one page are run one after the other: `semcache` and `npm start` are the built
 * product, the server and the providers that the page names are those of the test, the files that it names are there.
 */
export class SnippetDesk {
  readonly #folder: string;
  readonly #options: DeskOptions;
  #count = 0;

  private constructor(folder: string, options: DeskOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  static async open(options: DeskOptions): Promise<SnippetDesk> {
    const folder = await mkdtemp(join(tmpdir(), "semcache-docs-"));
    await cp(join(import.meta.dirname, "files"), folder, { recursive: true });
    await symlink(join(root, "node_modules"), join(folder, "node_modules"), "junction");
    const settings = {
      server: { host: "127.0.0.1", port: options.port },
      // What is looked into is the running server's.
      store: { kind: "memory", path: null },
      embedding: { workers: 1 },
      upstream: {
        providers: { openai: { base_url: options.providerUrl }, anthropic: { base_url: options.providerUrl } },
      },
    };
    await writeFile(join(folder, "semcache.yaml"), JSON.stringify(settings));
    await mkdir(join(folder, "bin"));
    const main = `"${process.execPath}" "${join(root, "dist/cli/main.js")}"`;
    const commands = {
      // Two servers cannot have one port; the page's reader has but one.
      semcache: `if [ "$1" = demo ]; then shift; exec ${main} demo "$@" --port 0; fi\nexec ${main} "$@"`,
      npm: `if [ "$1" != start ] || [ "$2" != -- ]; then echo "npm $* is not for a snippet" >&2; exit 64; fi\nshift 2\nexec semcache "$@"`,
      // An error of HTTP is an error.
      curl: `PATH=\${PATH#*:}\nexec curl --fail-with-body --silent --show-error --max-time 60 "$@"`,
    };
    for (const [name, script] of Object.entries(commands)) {
      await writeFile(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
      await chmod(join(folder, "bin", name), 0o755);
    }
    return new SnippetDesk(folder, options);
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  runShell(text: string): Promise<Outcome> {
    return this.#run("bash", ["-euo", "pipefail", "-c", this.#rewrite(text)]);
  }

  async runJavaScript(text: string): Promise<Outcome> {
    const file = join(this.#folder, `snippet-${++this.#count}.mjs`);
    await writeFile(file, this.#rewrite(text));
    return this.#run(process.execPath, [file]);
  }

  runPython(python: string, text: string): Promise<Outcome> {
    return this.#run(python, ["-c", this.#rewrite(text)]);
  }

  /** Where the page says Semcache's address or a provider's there are those of the test. */
  #rewrite(text: string): string {
    const { port, providerUrl } = this.#options;
    return text
      .replaceAll(/localhost:8080\b/g, `127.0.0.1:${port}`)
      .replaceAll("https://your-custom-llm.com/api/v1/generate", `${providerUrl}/custom/answer`)
      .replaceAll(/https:\/\/api\.(?:deepseek\.com|mistral\.ai|openai\.com|anthropic\.com)/g, providerUrl);
  }

  async #run(command: string, args: readonly string[]): Promise<Outcome> {
    const child = spawn(command, args, {
      cwd: this.#folder,
      env: {
        PATH: `${join(this.#folder, "bin")}:${process.env["PATH"] ?? ""}`,
        HOME: this.#folder,
        OPENAI_API_KEY: "sk-imitation",
        ANTHROPIC_API_KEY: "sk-ant-imitation",
        // Nothing but loopback is called: without these, litellm and LangSmith look for their servers.
        LITELLM_LOCAL_MODEL_COST_MAP: "True",
        LANGSMITH_TRACING: "false",
        PYTHONUTF8: "1",
        PYTHONDONTWRITEBYTECODE: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own, which can be ended as a whole.
      detached: true,
    });
    const { pid } = child;
    const limit = setTimeout(() => pid !== undefined && process.kill(-pid, "SIGKILL"), MAX_MS);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    }).finally(() => clearTimeout(limit));
    return { code, output };
  }
}

export interface Outcome {
  readonly code: number | null;
  /** Both streams. */
  readonly output: string;
}
