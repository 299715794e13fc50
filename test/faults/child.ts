import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ChildOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script beside this file to its end: what may crash a process crashes its own. */
export async function runChild(script: string, args: readonly string[]): Promise<ChildOutcome> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

/** A fresh folder, in memory where it can be: what these tests do to files does not need a disk. */
export function makeFolder(name: string): { readonly path: string; remove(): void } {
  const inMemory = statSync("/dev/shm", { throwIfNoEntry: false })?.isDirectory() === true;
  const path = mkdtempSync(join(inMemory ? "/dev/shm" : tmpdir(), `semcache-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
