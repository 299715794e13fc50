import { IncomingMessage } from "node:http";
import { Socket } from "node:net";

/**
 * Counts the turns of the event loop and notes, for each piece of a provider's answer, how many turns pass until it is
 * handed to the kernel for the client: 0 is the same turn. Watches node's own objects, so the product is as it is.
 */
export function countTurns() {
  let turn = 0;
  const next = () => {
    turn++;
    setImmediate(next).unref();
  };
  next();

  /** Turns in which a piece came and has not left yet. */
  const waiting = [];
  const passed = [];
  const { emit } = IncomingMessage.prototype;
  IncomingMessage.prototype.emit = function (name, ...rest) {
    // Of the two kinds of message only an answer has a status.
    if (name === "data" && this.statusCode !== null) waiting.push(turn);
    return emit.call(this, name, ...rest);
  };
  const handOver = "_writeGeneric";
  const write = Socket.prototype[handOver];
  Socket.prototype[handOver] = function (...args) {
    // A connection that came in belongs to our server; stdout and the provider's have none.
    if (this.server) for (const since of waiting.splice(0)) passed.push(turn - since);
    return write.apply(this, args);
  };
  return { read: () => ({ passed: passed.splice(0), left: waiting.length }) };
}
