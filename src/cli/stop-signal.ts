/**
 * Aborts at the first SIGINT or SIGTERM, so that what was begun is brought to an end and told of; a second one ends the
 * process at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}
