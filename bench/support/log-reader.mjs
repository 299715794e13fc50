/** Finds the log lines of requests by their ids. */
export class LogReader {
  #lines = new Map();
  #waiting = new Map();

  /** @param {import("./child.mjs").Child} child */
  constructor(child) {
    child.onLogLine = (line) => {
      const fields = JSON.parse(line);
      if (fields.msg !== "request") return;
      const resolve = this.#waiting.get(fields.request);
      if (resolve === undefined) {
        this.#lines.set(fields.request, fields);
        return;
      }
      this.#waiting.delete(fields.request);
      resolve(fields);
    };
  }

  /** @param {string} request its id */
  async lineOf(request) {
    const known = this.#lines.get(request);
    if (known !== undefined) {
      this.#lines.delete(request);
      return known;
    }
    return new Promise((resolve) => {
      this.#waiting.set(request, resolve);
    });
  }
}
