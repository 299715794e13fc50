import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { paced } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { rawRequest, type RawConnection } from "../support/raw-http.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import { chat, createClients, startScene, type Scene } from "./relay-scene.ts";

const MIB = 1024 * 1024;
/** What kernels, node and Semcache may hold between two ends that do not read; far less than what is sent. */
const IN_TRANSIT = 24 * MIB;

describe("a stream", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene({ cache: { mode: "exact" } });
  });
  afterAll(() => scene.close());

  test.each(["/v1/chat/completions", "/v1/messages"])(
    "of %s reaches the client event by event: each is there before the provider sends the next",
    async (path) => {
      const gate = new Gate();
      scene.provider.script(paced(gate));
      const connection = await scene.connect();
      await connection.send(chat("step by step", { stream: true, path, fields: { max_tokens: 10 } }));
      // The head comes before there is any body.
      const head = (await connection.readUntil("\r\n\r\n")).toString();
      expect(head).toMatch(/x-cache-status: miss/);
      let events = 0;
      for (;;) {
        gate.release();
        const event = (await connection.readUntil("\n\n")).toString();
        events++;
        if (/\[DONE\]|message_stop/.test(event)) break;
      }
      expect(events).toBeGreaterThan(5);
      // The end is the provider's too: nothing tells the client before the provider says so.
      expect(connection.received.includes("\r\n0\r\n\r\n")).toBe(false);
      gate.release();
      await connection.readUntil("0\r\n\r\n");
    },
  );
});

describe("large bodies", () => {
  let server: ReturnType<typeof createServer>;
  let semcache: RunningSemcache;
  let clients: ReturnType<typeof createClients>;
  let serve: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;

  beforeAll(async () => {
    server = createServer((request, response) => serve(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    semcache = await startSemcache(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      server: { max_body: "1GiB" },
      cache: { mode: "exact" },
    });
    clients = createClients(semcache.port);
  });
  afterAll(async () => {
    clients.hangUp();
    server.closeAllConnections();
    await semcache.close();
    server.close();
  });

  /** Writes until `bytes` are taken or the other side takes no more for a while; gives what was taken. */
  async function pour(bytes: number, write: (block: Buffer, done: () => void) => void): Promise<number> {
    const block = Buffer.alloc(256 * 1024, "z");
    let taken = 0;
    while (taken < bytes) {
      const stopped = await new Promise<boolean>((resolve) => {
        // No event tells that nothing happens. A slow machine can only make the measured amount smaller.
        const timer = setTimeout(() => resolve(true), 500);
        write(block, () => {
          clearTimeout(timer);
          resolve(false);
        });
      });
      if (stopped) break;
      taken += block.length;
    }
    return taken;
  }

  test.each([
    ["relayed", () => rawRequest("GET", "/v1/files/x/content")],
    ["recorded", () => chat("a large answer")],
  ])("of an answer that is %s: the provider waits for a client that does not read", async (_, request) => {
    let poured: Promise<number> | null = null;
    let rest: ServerResponse | null = null;
    serve = (incoming, response) => {
      incoming.resume();
      response.writeHead(200, { "content-type": "application/octet-stream" });
      rest = response;
      poured = pour(256 * MIB, (block, done) => response.write(block, done));
    };
    const connection = await clients.connect();
    await connection.send(request());
    await connection.readUntil("\r\n\r\n");
    connection.pause();
    const taken = await (poured as unknown as Promise<number>);
    expect(taken).toBeLessThan(IN_TRANSIT);
    // It goes on when the client does.
    (rest as unknown as ServerResponse).end();
    connection.resume();
    await readChunksToEnd(connection);
  });

  test.each(["/v1/files", "/v1/chat/completions"])(
    "of an upload to %s: the client waits for a provider that does not read",
    async (path) => {
      let onRequest: (request: IncomingMessage) => void = () => undefined;
      const arrived = new Promise<IncomingMessage>((resolve) => {
        onRequest = resolve;
      });
      serve = (incoming, response) => {
        incoming.pause();
        onRequest(incoming);
        incoming.once("end", () => response.end("thanks"));
      };
      const connection = await clients.connect();
      await connection.send(`POST ${path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`);
      const size = (256 * 1024).toString(16);
      const taken = await pour(256 * MIB, (block, done) => {
        connection.socket.write(`${size}\r\n`);
        connection.socket.write(block);
        connection.socket.write("\r\n", done);
      });
      expect(taken).toBeLessThan(IN_TRANSIT);
      const incoming = await arrived;
      incoming.resume();
      await connection.send("0\r\n\r\n");
      expect((await connection.readAnswer()).body.toString()).toBe("thanks");
    },
  );

  test("of 64 MiB pass in both directions, whole, without being held in memory", async () => {
    const bytes = 64 * MIB;
    let received = 0;
    serve = (incoming, response) => {
      incoming.on("data", (piece: Buffer) => (received += piece.length));
      incoming.once("end", () => {
        response.writeHead(200, { "content-length": String(bytes) });
        void pour(bytes, (block, done) => response.write(block, done)).then(() => response.end());
      });
    };
    const round = async (): Promise<number> => {
      const response = await fetch(`${semcache.url}/v1/chat/completions`, {
        method: "POST",
        body: slowly(bytes),
        duplex: "half",
      } as RequestInit);
      expect(response.headers.get("x-semcache-reason")).toBe("too-large");
      let count = 0;
      for await (const piece of response.body as AsyncIterable<Uint8Array>) count += piece.length;
      return count;
    };
    // The first round warms the buffers' pools up.
    expect(await round()).toBe(bytes);
    const before = process.memoryUsage();
    let peak = 0;
    const watch = setInterval(() => {
      const { arrayBuffers } = process.memoryUsage();
      peak = Math.max(peak, arrayBuffers);
    }, 5);
    for (const _ of [1, 2]) expect(await round()).toBe(bytes);
    clearInterval(watch);
    expect(received).toBe(3 * bytes);
    expect(peak - before.arrayBuffers).toBeLessThan(bytes);
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(2 * bytes);
  }, 60_000);

  test("of 5 MB, and a body that comes byte by byte", async () => {
    serve = (incoming, response) => {
      const pieces: Buffer[] = [];
      incoming.on("data", (piece: Buffer) => pieces.push(piece));
      incoming.once("end", () => response.end(String(Buffer.concat(pieces).length)));
    };
    const large = await clients.ask(rawRequest("POST", "/v1/chat/completions", [], "{".repeat(5_000_000)));
    expect(large.body.toString()).toBe("5000000");
    const connection = await clients.connect();
    const slow = chat("slow");
    for (const byte of slow) await connection.send(Buffer.of(byte));
    const answer = await connection.readAnswer();
    expect(answer.body.toString()).toBe(String(slow.length - slow.indexOf("\r\n\r\n") - 4));
  });
});

function slowly(bytes: number): ReadableStream<Uint8Array> {
  const block = new Uint8Array(256 * 1024).fill(120);
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(block);
      left -= block.length;
      if (left <= 0) controller.close();
    },
  });
}

async function readChunksToEnd(connection: RawConnection): Promise<void> {
  await connection.readUntil("\r\n0\r\n\r\n");
}
