import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * A server in a process of its own. It listens, says its port, and answers questions about itself: CPU time, memory,
 * delay of its event loop (see `report.mjs`).
 */
export class Child {
  #process;
  #waiting = [];
  port = 0;
  /** Lines of its log that were read, if the reader keeps them. @type {((line: string) => void) | null} */
  onLogLine = null;

  constructor(child) {
    this.#process = child;
    child.on("message", (message) => this.#waiting.shift()?.resolve(message));
    child.on("exit", (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`Cannot go on: a server ended with ${code}`));
    });
    // The log goes where it goes in production: to a pipe that somebody reads.
    let rest = "";
    child.stdout.on("data", (bytes) => {
      if (this.onLogLine === null) return;
      const lines = (rest + bytes.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.onLogLine(line);
    });
  }

  /** @param {string} file beside this one @param {object} settings @param {readonly string[]} [nodeOptions] */
  static async start(file, settings, nodeOptions = []) {
    const child = new Child(
      fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(settings)], {
        stdio: ["ignore", "pipe", "inherit", "ipc"],
        execArgv: [...nodeOptions],
      }),
    );
    const { port } = await child.#next();
    child.port = port;
    return child;
  }

  /** @param {string} question @returns {Promise<any>} */
  ask(question) {
    const answer = this.#next();
    this.#process.send(question);
    return answer;
  }

  async stop() {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.send("stop");
    await ended;
  }

  #next() {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }
}
