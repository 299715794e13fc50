import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";

const signals = new WeakMap<Socket, AbortSignal>();

/**
 * Aborts when the client's connection closes. All requests of a connection share it, because making one takes longer
 * than an exact hit takes to find: whoever listens takes its listener off when the wait is over.
 */
export function connectionSignal(socket: Socket): AbortSignal {
  if (socket.destroyed) return AbortSignal.abort();
  const known = signals.get(socket);
  if (known) return known;
  const controller = new AbortController();
  // Pipelined requests wait side by side.
  setMaxListeners(0, controller.signal);
  socket.once("close", () => controller.abort());
  signals.set(socket, controller.signal);
  return controller.signal;
}
