import { readFileSync } from "node:fs";

/**
 * Bytes of resident memory that no file backs (`RssAnon` of proc_pid_status(5)): what a memory limit cannot take back.
 * The store's mapped file counts as resident and is not in it. Null where the system does not tell, as outside Linux.
 */
export function readPrivateMemoryBytes(): number | null {
  try {
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  } catch {
    return null;
  }
}
