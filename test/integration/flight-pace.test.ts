import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import type { RawConnection } from "../support/raw-http.ts";
import { chat, createClients, outcomeOf, watchWarnings } from "./relay-scene.ts";

const MIB = 1024 * 1024;
const CAP = 16 * MIB;

// A provider whose answers are larger than what two sockets hold, written as fast as they are taken.
let server: ReturnType<typeof createServer>;
let patient: RunningSemcache;
let impatient: RunningSemcache;
let clients: ReturnType<typeof createClients>;
let serve: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
let calls = 0;
const watch = watchWarnings();

beforeAll(async () => {
  server = createServer((request, response) => {
    calls++;
    request.resume();
    serve(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cache = { mode: "exact", max_entry: CAP };
  patient = await startSemcache(url, { cache });
  impatient = await startSemcache(url, { cache, upstream: { timeouts: { idle: "1s" } } });
});
afterEach(() => {
  clients.hangUp();
  calls = 0;
});
afterAll(async () => {
  server.closeAllConnections();
  await patient.close();
  await impatient.close();
  server.close();
  watch.stop();
  expect(watch.warnings).toEqual([]);
});

/** Counts a body without keeping it. */
class Sink {
  bytes = 0;
  ended: "end" | "broken" | null = null;
  readonly done: Promise<void>;
  readonly #connection: RawConnection;

  constructor(connection: RawConnection) {
    this.#connection = connection;
    const { socket, received } = connection;
    const start = received.indexOf("\r\n\r\n") + 4;
    this.bytes = received.length - start;
    let tail = received.subarray(start).subarray(-16).toString("latin1");
    socket.removeAllListeners("data");
    this.done = new Promise((resolve) => {
      const finish = (how: "end" | "broken"): void => {
        this.ended ??= how;
        resolve();
      };
      socket.on("data", (piece: Buffer) => {
        this.bytes += piece.length;
        tail = (tail + piece.subarray(-16).toString("latin1")).slice(-16);
        if (tail.endsWith("\r\n0\r\n\r\n")) finish("end");
      });
      socket.on("close", () => finish("broken"));
      socket.on("end", () => finish("broken"));
      if (tail.endsWith("\r\n0\r\n\r\n")) finish("end");
    });
  }

  async reached(bytes: number): Promise<void> {
    while (this.bytes < bytes && this.ended === null) await new Promise(setImmediate);
    expect(this.bytes).toBeGreaterThanOrEqual(bytes);
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }
}

/** Streams `bytes` in pieces; resolves with what was taken when the other side takes nothing for a while. */
function pour(response: ServerResponse, bytes: number): { taken: number; readonly done: Promise<void> } {
  const piece = Buffer.alloc(64 * 1024, "f");
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  const state = { taken: 0, done: Promise.resolve() };
  let wake: () => void = () => undefined;
  for (const event of ["drain", "close"]) response.on(event, () => wake());
  const run = async (): Promise<void> => {
    while (state.taken < bytes && !response.destroyed) {
      const drained = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!response.write(piece)) await drained;
      state.taken += piece.length;
    }
    response.end();
  };
  state.done = run();
  return state;
}

async function join(request: Buffer): Promise<{ connection: RawConnection; head: string; sink: () => Sink }> {
  const connection = await clients.connect();
  await connection.send(request);
  const head = (await connection.readUntil("\r\n\r\n")).toString();
  return { connection, head, sink: () => new Sink(connection) };
}

test("under the cap the fastest reader sets the pace: who does not read holds nobody up, and gets it all later", async () => {
  clients = createClients(patient.port);
  let poured: ReturnType<typeof pour> | null = null;
  serve = (_, response) => {
    poured = pour(response, CAP - MIB);
  };
  const request = chat("fast and slow");
  const slow = await join(request);
  slow.connection.pause();
  const fast = await join(request);
  expect(fast.head).toMatch(/x-semcache-reason: joined/);
  const fastSink = fast.sink();
  await fastSink.done;
  expect(fastSink.ended).toBe("end");
  expect(calls).toBe(1);
  const slowSink = slow.sink();
  slow.connection.resume();
  await slowSink.done;
  expect(slowSink.ended).toBe("end");
  expect(slowSink.bytes).toBeGreaterThan(CAP - 2 * MIB);
  await (poured as unknown as ReturnType<typeof pour>).done;
});

test("past the cap nobody joins, and the slowest reader sets the pace", async () => {
  clients = createClients(patient.port);
  const answers: ReturnType<typeof pour>[] = [];
  serve = (_, response) => void answers.push(pour(response, 16 * CAP));
  const request = chat("past the cap");
  const slow = await join(request);
  const slowSink = slow.sink();
  slowSink.pause();
  const fast = await join(request);
  const fastSink = fast.sink();
  await fastSink.reached(CAP);
  const late = await join(request);
  expect(late.head).not.toMatch(/joined/);
  expect(calls).toBe(2);
  late.connection.destroy();
  // While the slow one reads a little now and then, the fast one is never far ahead.
  for (let round = 0; round < 20; round++) {
    slowSink.resume();
    await slowSink.reached(slowSink.bytes + MIB);
    slowSink.pause();
    expect(fastSink.bytes - slowSink.bytes).toBeLessThan(CAP + 16 * MIB);
  }
  expect(answers[0]?.taken).toBeLessThan(8 * CAP);
  slow.connection.destroy();
  await fastSink.reached(8 * CAP);
  fast.connection.destroy();
  await answers[0]?.done;
});

test("a reader that accepts nothing for upstream.timeouts.idle is dropped, the others get everything", async () => {
  clients = createClients(impatient.port);
  serve = (_, response) => void pour(response, 4 * CAP);
  const request = chat("asleep");
  const asleep = await join(request);
  asleep.connection.pause();
  const awake = await join(request);
  expect(awake.head).toMatch(/joined/);
  const sink = awake.sink();
  await sink.done;
  expect(sink.ended).toBe("end");
  expect(sink.bytes).toBeGreaterThan(4 * CAP);
  const asleepSink = asleep.sink();
  asleep.connection.resume();
  await asleepSink.done;
  expect(asleepSink.ended).toBe("broken");
  expect(calls).toBe(1);
  const line = await impatient.log.waitFor((entry) => entry["error"] === "aborted");
  expect(line["reason"]).not.toBe("joined");
});

test("the only reader asleep: the provider's call is aborted, and the process goes on", async () => {
  clients = createClients(impatient.port);
  let aborted: Promise<unknown> = Promise.resolve();
  serve = (_, response) => {
    aborted = once(response, "close");
    void pour(response, 16 * CAP);
  };
  const asleep = await join(chat("all asleep"));
  asleep.connection.pause();
  await aborted;
  serve = (_, response) => response.end("{}");
  expect(outcomeOf(await clients.ask(chat("awake again")))).toMatch(/^200 miss/);
});

test("a hit that nobody reads is dropped too", async () => {
  clients = createClients(impatient.port);
  const body = JSON.stringify({
    id: "x",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "h".repeat(CAP - MIB) }, finish_reason: "stop" }],
  });
  serve = (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(body);
  };
  const request = chat("a large entry");
  const stored = await join(request);
  await stored.sink().reached(body.length);
  const asleep = await join(request);
  expect(asleep.head).toMatch(/x-cache-status: hit/);
  asleep.connection.pause();
  await impatient.log.waitFor((entry) => JSON.stringify(entry).includes('"hit"'));
  // Longer than the limit; the connection is gone when the client looks again.
  const closed = new Sink(asleep.connection);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  asleep.connection.resume();
  await closed.done;
  expect(closed.bytes).toBeLessThan(body.length);
});
