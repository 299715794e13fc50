import { connect, type Socket } from "node:net";

/** A TCP connection for assertions on bytes: nothing is parsed unless asked, nothing is added to what is sent. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #watchers = new Set<() => void>();
  readonly #patienceMs: number;
  #received: Buffer = Buffer.alloc(0);
  #consumed = 0;
  #end: "end" | "reset" | null = null;

  constructor(socket: Socket, patienceMs: number) {
    this.#socket = socket;
    this.#patienceMs = patienceMs;
    socket.on("data", (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake();
    });
    socket.on("end", () => this.#finish("end"));
    socket.on("error", () => this.#finish("reset"));
    socket.on("close", () => this.#finish("end"));
  }

  /** Everything that came since the connection was opened. */
  get received(): Buffer {
    return this.#received;
  }

  /** `end`: the other side closed in order. `reset`: it cut the connection. */
  get ending(): "end" | "reset" | null {
    return this.#end;
  }

  get socket(): Socket {
    return this.#socket;
  }

  async send(bytes: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.write(bytes, () => resolve());
    });
  }

  /** Reads up to and including `mark`; bytes after it stay for the next read. */
  async readUntil(mark: string | Uint8Array): Promise<Buffer> {
    const wanted = Buffer.from(mark);
    let at = -1;
    await this.#until(
      () => {
        at = this.#received.indexOf(wanted, this.#consumed);
        return at >= 0;
      },
      JSON.stringify(wanted.toString("latin1")),
    );
    return this.#take(at + wanted.length);
  }

  async readBytes(count: number): Promise<Buffer> {
    await this.#until(() => this.#received.length >= this.#consumed + count, `${count} bytes`);
    return this.#take(this.#consumed + count);
  }

  /** The rest, when the other side has ended or cut the connection. */
  async readToEnd(): Promise<Buffer> {
    await this.#until(() => this.#end !== null, "the end");
    return this.#take(this.#received.length);
  }

  /** One answer: head, then as many bytes as content-length or the chunks tell. */
  async readAnswer(): Promise<RawAnswer> {
    const head = await this.readUntil("\r\n\r\n");
    const { status, statusText, rawHeaders } = parseHead(head.toString("latin1"));
    const header = (name: string): string | null => headerOf(rawHeaders, name);
    let body: Buffer;
    if (status < 200 || status === 204 || status === 304) body = Buffer.alloc(0);
    else if (header("transfer-encoding")?.toLowerCase().includes("chunked")) body = await this.#readChunks();
    else if (header("content-length") !== null) body = await this.readBytes(Number(header("content-length")));
    else body = await this.readToEnd();
    return { status, statusText, rawHeaders, header, body };
  }

  /** Stops reading from the socket, so that the other side feels backpressure. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #readChunks(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await this.readUntil("\r\n")).toString("latin1"), 16);
      if (size > 0) pieces.push(await this.readBytes(size));
      await this.readUntil("\r\n");
      if (size === 0) return Buffer.concat(pieces);
    }
  }

  #take(to: number): Buffer {
    const bytes = this.#received.subarray(this.#consumed, to);
    this.#consumed = to;
    return bytes;
  }

  #finish(how: "end" | "reset"): void {
    this.#end ??= how;
    this.#wake();
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => {
        const tail = this.#received.subarray(this.#consumed).toString("latin1").slice(-200);
        finish();
        reject(new Error(`Cannot read ${what}: ${why}, unread: ${JSON.stringify(tail)}`));
      };
      const watcher = (): void => {
        if (holds()) {
          finish();
          resolve();
        } else if (this.#end) fail(`the connection is closed (${this.#end})`);
      };
      const timer = setTimeout(() => fail(`${this.#patienceMs} ms passed`), this.#patienceMs);
      const finish = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }
}

export interface RawAnswer {
  readonly status: number;
  readonly statusText: string;
  /** Names and values in turn, in the case in which they came. */
  readonly rawHeaders: readonly string[];
  readonly header: (name: string) => string | null;
  /** Without chunk framing; still compressed if it was. */
  readonly body: Buffer;
}

export async function openRaw(
  port: number,
  options: { host?: string; patienceMs?: number } = {},
): Promise<RawConnection> {
  const { host = "127.0.0.1", patienceMs = 10_000 } = options;
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve();
    });
  });
  return new RawConnection(socket, patienceMs);
}

/** The bytes of a request with a body and its content-length; `headers` go out as they are given. */
export function rawRequest(
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[] = [],
  body: string | Uint8Array = "",
): Buffer {
  const bytes = Buffer.from(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(headers.some(([name]) => name.toLowerCase() === "host") ? [] : ["host: localhost"]),
    ...(bytes.length > 0 ? [`content-length: ${bytes.length}`] : []),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

function parseHead(text: string): Pick<RawAnswer, "status" | "statusText" | "rawHeaders"> {
  const [statusLine = "", ...lines] = text.split("\r\n").filter((line) => line !== "");
  const [, status = "", statusText = ""] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/u.exec(statusLine) ?? [];
  const rawHeaders = lines.flatMap((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at), line.slice(at + 1).trim()];
  });
  return { status: Number(status), statusText, rawHeaders };
}

function headerOf(rawHeaders: readonly string[], name: string): string | null {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name.toLowerCase()) return rawHeaders[index + 1] ?? null;
  }
  return null;
}
