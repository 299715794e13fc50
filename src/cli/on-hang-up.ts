/**
 * Calls `reload` for each SIGHUP. In a terminal the signal says that it was closed, and ends the process as it always
 * does: a server that nobody sees would keep its port.
 */
export function onHangUp(reload: () => void): void {
  if (process.stdin.isTTY) return;
  process.on("SIGHUP", reload);
}
