import { setImmediate as nextTurn } from "node:timers/promises";
import { ask } from "./ask.ts";

/** A server listens while its store loads; this resolves with its port when the entries are there, whatever its models do. */
export async function untilLoaded(port: number): Promise<number> {
  for (;;) {
    const ready = await ask(port, { method: "GET", path: "/ready" });
    const { parts = [] } = ready.json() as { parts?: readonly string[] };
    // A store that has a fault is a part of a server that is ready.
    if (ready.status === 200 || !parts.includes("store")) return port;
    await nextTurn();
  }
}
