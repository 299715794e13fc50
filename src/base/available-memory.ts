import { totalmem } from "node:os";

/** Bytes that this process may use: the limit of its container or service, else the memory of the machine. */
export function availableMemoryBytes(): number {
  const constrained = process.constrainedMemory();
  // Without a limit some kernels give a number beyond all memory.
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}
