import { once } from "node:events";
import { connect } from "node:net";

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/**
 * A keep-alive connection with one request in flight: as little work as a client can have, so that the server is what
 * is measured. Reads bodies with a content-length, and chunked ones up to their last chunk.
 */
export class Connection {
  #socket;
  #received = [];
  #size = 0;
  #done = null;
  #fail = null;
  #onFirstByte = null;
  #onData = null;
  /** Bytes of the answer under way, head included; null: not known yet, -1: chunked. */
  #expected = null;

  /** @param {import("node:net").Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#onChunk(chunk));
    socket.on("error", (error) => this.#fail?.(error));
    socket.on("close", () => this.#fail?.(new Error("Cannot finish the request: the server closed the connection")));
  }

  /** @param {number} port */
  static async open(port) {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new Connection(socket);
  }

  /**
   * @param {Buffer} request
   * @param {{ onFirstByte?: () => void, onData?: (chunk: Buffer) => void }} [watch]
   * @returns {Promise<Buffer>} the whole answer, head included
   */
  send(request, { onFirstByte = null, onData = null } = {}) {
    return new Promise((resolve, reject) => {
      this.#received = [];
      this.#size = 0;
      this.#expected = null;
      this.#done = resolve;
      this.#fail = reject;
      this.#onFirstByte = onFirstByte;
      this.#onData = onData;
      this.#socket.write(request);
    });
  }

  close() {
    this.#fail = null;
    this.#socket.destroy();
  }

  #onChunk(chunk) {
    if (this.#size === 0) this.#onFirstByte?.();
    this.#onData?.(chunk);
    this.#received.push(chunk);
    this.#size += chunk.length;
    if (this.#expected === null) this.#readHead();
    const isComplete = this.#expected === -1 ? this.#endsWithLastChunk() : this.#size === this.#expected;
    if (!isComplete) return;
    this.#fail = null;
    this.#done(this.#received.length === 1 ? chunk : Buffer.concat(this.#received));
  }

  #readHead() {
    const bytes = Buffer.concat(this.#received);
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.latin1Slice(0, end + 2))?.[1];
    this.#expected = length === undefined ? -1 : end + HEAD_END.length + Number(length);
  }

  #endsWithLastChunk() {
    const tail = Buffer.concat(this.#received.slice(-2));
    return tail.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  }
}

/** @param {Buffer} answer @param {string} name in lower case */
export function answerHeader(answer, name) {
  const head = answer.latin1Slice(0, answer.indexOf(HEAD_END) + 2);
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, "i").exec(head)?.[1] ?? null;
}

/** @param {Buffer} answer @returns status, headers as they were written, and the bytes after the head */
export function parseAnswer(answer) {
  const end = answer.indexOf(HEAD_END);
  const [statusLine = "", ...lines] = answer.latin1Slice(0, end).split("\r\n");
  const headers = lines.flatMap((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
  return { status: Number(statusLine.split(" ")[1]), headers, body: answer.subarray(end + HEAD_END.length) };
}
