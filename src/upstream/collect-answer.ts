import type { UpstreamCall, UpstreamHandler, UpstreamHead } from "./upstream-client.ts";

export interface CollectedAnswer {
  readonly head: UpstreamHead;
  readonly body: Buffer;
}

/** The whole of a successful answer; null: none, no 2xx, or larger than `maxBytes`. */
export function collectAnswer(
  open: (handler: UpstreamHandler) => UpstreamCall,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<CollectedAnswer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let head: UpstreamHead | null = null;
    const finish = (answered: boolean) => {
      signal.removeEventListener("abort", giveUp);
      resolve(answered && head ? { head, body: Buffer.concat(chunks) } : null);
    };
    const giveUp = () => {
      calling.abort();
      finish(false);
    };
    const calling = open({
      onHeaders(received) {
        head = received;
        if (received.status < 200 || received.status > 299) giveUp();
      },
      onData(chunk) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maxBytes) giveUp();
      },
      onEnd: () => finish(true),
      onError: () => finish(false),
    });
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}
