import type { App } from "../app.ts";
import { redactText } from "../telemetry/redaction.ts";

/** Ends the process with exit code 1 after an error that nobody caught, a rejection that nobody handled included. */
export function exitOnFault(app: Pick<App, "abandon">): void {
  let leaving = false;
  process.on("uncaughtException", (fault: unknown) => {
    // A second one while the log is written out adds nothing.
    if (leaving) return;
    leaving = true;
    const text = fault instanceof Error ? fault.message : String(fault);
    process.stderr.write(`semcache: Cannot go on: unexpected fault: ${redactText(text)}\n`);
    void app.abandon(fault).finally(() => process.exit(1));
  });
}
