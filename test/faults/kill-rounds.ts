import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { makeFolder } from "./child.ts";
import { createRandom, deriveEntry } from "./derived-entry.mjs";

const script = fileURLToPath(new URL("killed-store-child.mjs", import.meta.url));
const VERSIONS_PER_ROUND = 1_000_000;
const MAX_LINES = 150;

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** What may, must and must not be found at the next start, by entry id. */
class Ledger {
  /** Acknowledged, and nothing has been told since that could remove it. */
  readonly certain = new Set<string>();
  /** Put or removed, and not yet said to be so for good. */
  readonly open = new Set<string>();
  readonly #removed = new Set<string>();
  /** What is gone for good when a flush or an invalidation ends. */
  readonly #leaving = new Map<string, readonly string[]>();

  take(line: string): void {
    const [what = "", id = "", ...more] = line.split(" ");
    switch (what) {
      case "putting":
        this.open.add(id);
        break;
      case "stored":
        // Unless its removal was told of before its arrival.
        if (!this.#removed.has(id)) this.#move(id, this.open, this.certain);
        break;
      case "refused":
      case "deleted":
        this.open.delete(id);
        this.certain.delete(id);
        break;
      case "removed":
        this.#removed.add(id);
        this.#move(id, this.certain, this.open);
        break;
      case "invalidating": {
        const [namespace, number] = more;
        const selected = [...this.certain].filter((each) => {
          const entry = deriveEntry(each);
          return entry.namespace === namespace && entry.tags.includes(id);
        });
        for (const each of selected) this.#move(each, this.certain, this.open);
        this.#leaving.set(`invalidated ${number}`, selected);
        break;
      }
      case "syncing":
        this.#leaving.set(`synced ${id}`, [...this.#removed]);
        break;
      case "invalidated":
        for (const each of this.#leaving.get(`${what} ${more[1]}`) ?? []) this.open.delete(each);
        break;
      case "synced":
        for (const each of this.#leaving.get(`${what} ${id}`) ?? []) this.open.delete(each);
        break;
      default:
        throw new Error(line);
    }
  }

  #move(id: string, from: Set<string>, to: Set<string>): void {
    if (from.delete(id)) to.add(id);
  }
}

function start(): Child {
  return spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
}

/**
 * Kills a process in the midst of its writes, again and again on one folder, and compares what the next one finds with
 * what was acknowledged before. The content of all that is found is compared in the child.
 */
export async function killRounds(
  rounds: number,
  seed: number,
): Promise<{ readonly lines: number; readonly found: number }> {
  const random = createRandom(seed);
  const folder = makeFolder("kill");
  const totals = { lines: 0, found: 0 };
  /** Started up while others work: that takes most of a round's time. */
  const next = [start(), start()];
  let ledger = new Ledger();
  try {
    for (let round = 1; round <= rounds; round++) {
      next.push(start());
      const running = next.shift() ?? start();
      const settings = {
        folder: folder.path,
        seed: Math.floor(random() * 2 ** 32),
        version: round * VERSIONS_PER_ROUND,
      };
      const limit = Math.floor(random() * MAX_LINES);
      ledger = await runUntilKilled(running, settings, limit, ledger, totals);
    }
    return totals;
  } finally {
    for (const child of next) child.kill("SIGKILL");
    folder.remove();
  }
}

async function runUntilKilled(
  running: Child,
  settings: { readonly folder: string; readonly seed: number; readonly version: number },
  limit: number,
  before: Ledger,
  totals: { lines: number; found: number },
): Promise<Ledger> {
  const closed = once(running, "close");
  running.stdin.end(`${JSON.stringify(settings)}\n`);
  const found = new Set<string>();
  const ledger = new Ledger();
  const keys = new Set<string>();
  let listed = false;
  let count = 0;
  const whatFor = `round of version ${settings.version}, seed ${settings.seed}`;
  for await (const line of createInterface({ input: running.stdout })) {
    totals.lines++;
    const [what, id = ""] = line.split(" ");
    if (!listed && what === "have") {
      found.add(id);
      expect(keys.has(id.split(".")[0] ?? ""), `${whatFor}: two entries of the key of ${id}`).toBe(false);
      keys.add(id.split(".")[0] ?? "");
    } else if (what === "listed") {
      listed = true;
      totals.found += found.size;
      const missing = [...before.certain].filter((each) => !found.has(each));
      const back = [...found].filter((each) => !before.certain.has(each) && !before.open.has(each));
      expect({ missing, back }, whatFor).toEqual({ missing: [], back: [] });
      for (const each of found) ledger.certain.add(each);
    } else {
      ledger.take(line);
    }
    if (listed && ++count > limit) running.kill("SIGKILL");
  }
  const [code, signal] = (await closed) as [number | null, string | null];
  expect([code, signal, listed], whatFor).toEqual([null, "SIGKILL", true]);
  return ledger;
}
