import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** As the server is started (docs/decisions/2026-11-23-young-objects.md, 2026-11-23-nepotism.md). */
const SERVER_OPTIONS = ["--max-semi-space-size=8", "--no-allocation-site-pretenuring"];

let firstCore;

/** A core that this process may use, to which {@link Child} can be pinned (taskset, Linux); null where there is none. */
export function findCore() {
  firstCore ??= readFirstCore();
  return firstCore.number;
}

function readFirstCore() {
  try {
    const [, number] = /^Cpus_allowed_list:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return { number: number && spawnSync("taskset", ["-c", number, "true"]).status === 0 ? number : null };
  } catch {
    return { number: null };
  }
}

/** A process that answers questions, one module of this folder: see {@link answerParent}. */
export class Child {
  #process;
  #waiting = new Map();
  #next = 1;

  /** @param {string} file beside this one @param {{ onOneCore?: boolean }} [options] */
  constructor(file, { onOneCore = false } = {}) {
    const nodeOptions = ["--expose-gc", ...SERVER_OPTIONS];
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
      serialization: "advanced",
      ...(onOneCore
        ? { execPath: "taskset", execArgv: ["-c", findCore(), process.execPath, ...nodeOptions] }
        : { execArgv: nodeOptions }),
    });
    this.#process.on("message", ({ id, value, error }) => {
      const asked = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) asked?.resolve(value);
      else asked?.reject(new Error(error));
    });
    this.#process.on("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`Cannot go on: ${file} ended (${signal ?? code})`));
      this.#waiting.clear();
    });
  }

  /** @param {string} name @param {object} [options] @returns {Promise<any>} */
  ask(name, options = {}) {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, name, options });
    });
  }

  async stop() {
    await this.#end(() => this.#process.disconnect());
  }

  async kill() {
    await this.#end(() => this.#process.kill("SIGKILL"));
  }

  async #end(act) {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    act();
    await ended;
  }
}

/** In the child: the questions it can be asked. @param {Record<string, (options: any) => unknown>} answers */
export function answerParent(answers) {
  process.on("message", async ({ id, name, options }) => {
    try {
      process.send({ id, value: await answers[name](options) });
    } catch (error) {
      process.send({ id, error: error instanceof Error ? error.stack : String(error) });
    }
  });
  process.on("disconnect", () => process.exit(0));
}
