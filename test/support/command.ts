import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LogCollector, type LogLine } from "./log-collector.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface CommandOptions {
  /** Files of the working folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; nothing if not given. */
  readonly input?: string;
  /** Flags of node itself. */
  readonly nodeFlags?: readonly string[];
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built `semcache` command in a process and an empty folder of its own, without the variables of this machine. */
export class Command {
  readonly process: ChildProcess;
  readonly stdout = new LogCollector();
  /** Resolves when the process has ended and its folder is gone. */
  readonly finished: Promise<Finished>;
  #stderr = "";

  constructor(args: readonly string[], { files = {}, env = {}, input, nodeFlags = [] }: CommandOptions = {}) {
    const folder = mkdtempSync(join(tmpdir(), "semcache-cli-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const child = spawn(process.execPath, [...nodeFlags, main, ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    // A command that does not read it may end before.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    this.process = child;
    child.stdout.pipe(this.stdout);
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.finished = once(child, "close").then(([code, signal]) => {
      rmSync(folder, { recursive: true, force: true });
      const ended = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      return { ...ended, stdout: this.stdout.text, stderr: this.#stderr };
    });
  }

  /** The port, as soon as the log says where the server listens. */
  async listening(): Promise<number> {
    const line = await this.log((entry) => entry["msg"] === "Listening");
    return Number(new URL(String(line["url"])).port);
  }

  async log(holds: (line: LogLine) => boolean): Promise<LogLine> {
    const ended = this.finished.then(({ code, stderr }): never => {
      throw new Error(`Cannot find the log line: the process ended with ${code}: ${stderr}`);
    });
    return Promise.race([this.stdout.waitFor(holds, 30_000), ended]);
  }
}

export async function run(args: readonly string[], options?: CommandOptions): Promise<Finished> {
  return new Command(args, options).finished;
}
