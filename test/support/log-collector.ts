import { Writable } from "node:stream";

export type LogLine = Readonly<Record<string, unknown>>;

/** Takes the place of standard output: JSON lines, kept in order. */
export class LogCollector extends Writable {
  readonly #watchers = new Set<() => void>();
  #text = "";

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#text += chunk.toString("utf8");
    for (const watcher of this.#watchers) watcher();
    done();
  }

  get text(): string {
    return this.#text;
  }

  get lines(): readonly LogLine[] {
    return this.#text
      .split("\n")
      .slice(0, -1)
      .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as LogLine] : []));
  }

  /** The first line for which `holds`, as soon as it is written. */
  async waitFor(holds: (line: LogLine) => boolean, patienceMs = 10_000): Promise<LogLine> {
    return new Promise<LogLine>((resolve, reject) => {
      const watcher = (): void => {
        const line = this.lines.find(holds);
        if (!line) return;
        finish();
        resolve(line);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`Cannot find the log line: ${patienceMs} ms passed, the log ends ${this.#text.slice(-500)}`));
      }, patienceMs);
      const finish = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }
}
