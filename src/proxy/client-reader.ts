import type { ServerResponse } from "node:http";
import type { SemcacheError } from "../base/errors.ts";
import type { UpstreamHead } from "../upstream/upstream-client.ts";
import type { Flight, FlightReader, FlightSeat } from "./flight.ts";
import { HeldReader, type Substitute } from "./held-reader.ts";

export interface ClientReaderOptions {
  /** Writes status and headers; the provider's, with ours added. */
  readonly writeHead: (head: UpstreamHead) => void;
  /** Sends one of our own errors; nothing was written yet. */
  readonly sendError: (error: SemcacheError) => void;
  /** Asked where the provider fails and nothing was written yet; what it sends is reported by it, not by `onFinished`. */
  readonly substitute: Substitute | null;
  /** Told of defects in what is sent in the place of a failure. */
  readonly onFault: (error: unknown) => void;
  /** Called once, when the client's part is over; before the end of a complete answer is written. */
  readonly onFinished: (outcome: ClientOutcome) => void;
  /** A client that accepts nothing for so long is dropped. */
  readonly idleMs: number;
}

export type ClientOutcome =
  | { readonly kind: "complete"; readonly bytes: number }
  | { readonly kind: "broken"; readonly bytes: number; readonly error: SemcacheError }
  | { readonly kind: "failed"; readonly error: SemcacheError }
  | { readonly kind: "client-gone"; readonly bytes: number };

/** Seats a client's response in a flight and ties the response's backpressure and close to the seat. */
export function seatClient(flight: Flight, response: ServerResponse, options: ClientReaderOptions): void {
  const { writeHead, sendError, substitute, onFault, onFinished, idleMs } = options;
  let seat: FlightSeat | null = null;
  let bytes = 0;
  let finished = false;
  let idle: NodeJS.Timeout | undefined;

  const finish = (outcome: ClientOutcome) => {
    if (finished) return;
    finished = true;
    onFinished(outcome);
  };
  // Armed only while the client owes us its attention: a write it has not taken, or an end it has not read.
  const expectProgress = () => {
    idle ??= setTimeout(() => response.destroy(), idleMs).unref();
  };
  const progressed = () => {
    clearTimeout(idle);
    idle = undefined;
  };

  const reader: FlightReader = {
    head: (head) => {
      // Refused meanwhile, by a shutdown past its grace: its close gives the seat back.
      if (response.headersSent) return;
      writeHead(head);
      // A client may wait for the status long before the first byte of the body. Not flushHeaders(), which sends
      // values beyond ASCII as UTF-8: header bytes are Latin-1 on both sides.
      response.write("", "latin1");
    },
    write: (chunk) => {
      // Cut in this turn of the event loop; its close, a later one, gives the seat back.
      if (response.destroyed || response.writableEnded) return true;
      bytes += chunk.length;
      const more = response.write(chunk);
      if (!more) expectProgress();
      return more;
    },
    end: () => {
      finish({ kind: "complete", bytes });
      response.end();
      if (!response.writableFinished) expectProgress();
    },
    breakOff: (error) => {
      finish({ kind: "broken", bytes, error });
      destroyAfterFlush(response);
    },
    fail: (error) => {
      finish({ kind: "failed", error });
      sendError(error);
    },
  };

  const held =
    substitute &&
    new HeldReader(reader, {
      substitute,
      onReplaced: (send) => {
        // Refused meanwhile, or gone: its close gives the seat back.
        if (finished || response.headersSent || response.destroyed) return;
        finished = true;
        seat?.leave();
        send();
      },
      onReleased: () => seat?.drained(),
      onFault: (error) => {
        onFault(error);
        response.destroy();
      },
    });

  response.on("drain", () => {
    progressed();
    seat?.drained();
  });
  response.on("close", () => {
    progressed();
    held?.discard();
    // First: where it was the last one, the flight settles what becomes of the answer, which is part of the report.
    seat?.leave();
    finish({ kind: "client-gone", bytes });
  });
  if (response.destroyed) {
    finish({ kind: "client-gone", bytes });
    return;
  }
  seat = flight.join(held ?? reader);
}

/** How long a client may take to read what came before the break. */
const FLUSH_MS = 1000;

/** Destroys the connection without ending the body, after the bytes that came before the break have left. */
function destroyAfterFlush(response: ServerResponse): void {
  const { socket } = response;
  if (socket === null) {
    // Pipelined behind another answer: the connection is cut when its turn comes.
    response.destroy();
    return;
  }
  const cut = () => {
    // Where nothing but the connection's end marks the end of the body, an orderly end would be a whole answer.
    if (isClosedToEnd(response)) socket.resetAndDestroy();
    else response.destroy();
  };
  if (response.writableLength === 0 && socket.writableLength === 0) {
    cut();
    return;
  }
  const timer = setTimeout(cut, FLUSH_MS).unref();
  socket.once("close", () => clearTimeout(timer));
  // An empty write's callback runs when everything before it was handed to the kernel.
  socket.write("", cut);
}

/** Clients of HTTP/1.0 get no chunks: without a length, the connection's end is the body's (RFC 9112, 6.3). */
function isClosedToEnd({ req }: ServerResponse): boolean {
  return req.httpVersion === "1.0";
}
