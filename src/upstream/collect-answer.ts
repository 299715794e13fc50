import type { UpstreamCall, UpstreamHandler, UpstreamHead } from "./upstream-client.ts";

export interface CollectedAnswer {
  readonly head: UpstreamHead;
  readonly body: Buffer;
}

export interface CollectLimits {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Told of what had come of a successful answer that is not whole. */
  readonly onCut?: (answer: CollectedAnswer) => void;
}

/** The whole of a successful answer; null: none, no 2xx, or larger than `maxBytes`. */
export function collectAnswer(
  open: (handler: UpstreamHandler) => UpstreamCall,
  { maxBytes, signal, onCut }: CollectLimits,
): Promise<CollectedAnswer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let head: UpstreamHead | null = null;
    let finished = false;
    const finish = (answered: boolean) => {
      if (finished) return;
      finished = true;
      signal.removeEventListener("abort", giveUp);
      if (!answered && head && head.status >= 200 && head.status <= 299) onCut?.({ head, body: Buffer.concat(chunks) });
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
