import { once } from "node:events";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { createClient, deferred, startCall, startRawProvider } from "./upstream-raw-provider.ts";
import type { RawProvider } from "./upstream-raw-provider.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function start(...options: Parameters<typeof startRawProvider>): Promise<RawProvider> {
  const provider = await startRawProvider(...options);
  closers.push(() => provider.close());
  return provider;
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const MIB = 1024 * 1024;
/** More than the kernel's buffers on both sides and ours hold together. */
const LARGE = 64 * MIB;

/** Writes `total` bytes as fast as they are taken; `accepted` counts those that left for the kernel. */
function pour(socket: Socket, total: number): { readonly accepted: () => number } {
  const piece = Buffer.alloc(65_536, "x");
  let written = 0;
  const more = () => {
    while (written < total) {
      written += piece.length;
      if (!socket.write(piece)) return;
    }
  };
  socket.on("drain", more);
  more();
  return { accepted: () => socket.bytesWritten - socket.writableLength };
}

/** Gives everything that could still move the time to do so: real requests through the same client and event loop. */
async function letTheRestMove(client: ReturnType<typeof createClient>, url: URL): Promise<void> {
  for (let round = 0; round < 30; round++) expect(await startCall(client, { url }).outcome).toBeNull();
}

/** The other side is gone: in order, or with a reset. */
async function closed(socket: Socket | undefined): Promise<void> {
  if (!socket || socket.readableEnded || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    socket.once("end", () => resolve());
    socket.once("close", () => resolve());
  });
}

describe("a paused answer", () => {
  test("stops the provider, and comes whole after resume", async () => {
    let poured = { accepted: () => 0 };
    const provider = await start((socket, head) => {
      if (head.startsWith("GET /small")) return void socket.write(OK);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${LARGE}\r\n\r\n`);
      poured = pour(socket, LARGE);
    });
    const client = createClient([provider.origin]);
    let received = 0;
    const large = startCall(client, { url: new URL(provider.origin) }, (call, chunk) => {
      received += chunk.length;
      if (large.chunks.length === 1) call.pause();
      large.chunks.length = 1;
    });
    await large.firstData;
    const first = received;
    await letTheRestMove(client, new URL(`${provider.origin}/small`));
    expect(received).toBe(first);
    const accepted = poured.accepted();
    expect(accepted).toBeLessThan(LARGE / 2);
    await letTheRestMove(client, new URL(`${provider.origin}/small`));
    expect(received).toBe(first);
    expect(poured.accepted()).toBe(accepted);
    large.call.resume();
    expect(await large.outcome).toBeNull();
    expect(received).toBe(LARGE);
  });

  test("a handler that pauses at every chunk gets every byte, in order", async () => {
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    const provider = await start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    const recorded = startCall(createClient([provider.origin]), { url: new URL(provider.origin) }, (call) => {
      call.pause();
      call.pause();
      setImmediate(() => call.resume());
    });
    expect(await recorded.outcome).toBeNull();
    expect(Buffer.concat(recorded.chunks).equals(body)).toBe(true);
  });

  test("from the start: no data before resume", async () => {
    const provider = await start((socket) => socket.write(OK));
    const client = createClient([provider.origin]);
    const recorded = startCall(client, { url: new URL(provider.origin) });
    recorded.call.pause();
    await recorded.head;
    await letTheRestMove(client, new URL(provider.origin));
    expect(recorded.events).toEqual(["head"]);
    recorded.call.resume();
    expect(await recorded.outcome).toBeNull();
    expect(recorded.text()).toBe("ok");
  });

  test("is not idle: the provider is not blamed for our pause", async () => {
    const provider = await start((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc"));
    const timeouts = { connectMs: 30_000, headersMs: 30_000, idleMs: 40 };
    const recorded = startCall(
      createClient([provider.origin], { timeouts }),
      { url: new URL(provider.origin) },
      (call) => call.pause(),
    );
    await recorded.firstData;
    // Longer than the limit, by the same clock.
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(recorded.events).toEqual(["head", "data"]);
    recorded.call.resume();
    expect(await recorded.outcome).toMatchObject({ code: "upstream-idle-timeout" });
  });

  const close = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 6\r\n\r\nabc";
  test.each<[string, string, (socket: Socket) => void, string | null]>([
    ["no length, then the end", "HTTP/1.1 200 OK\r\n\r\nabc", (socket) => socket.end("def"), null],
    ["no length, then a reset", "HTTP/1.1 200 OK\r\n\r\nabc", (socket) => socket.resetAndDestroy(), "upstream-broken"],
    ["a last answer, then its end", close, (socket) => socket.end("def"), null],
    ["a last answer, cut short", close, (socket) => socket.end(), "upstream-broken"],
    ["a last answer, reset", close, (socket) => socket.resetAndDestroy(), "upstream-broken"],
    ["a length, then the end", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc", (socket) => socket.end("def"), null],
    [
      "a length, cut short",
      "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc",
      (socket) => socket.end(),
      "upstream-broken",
    ],
  ])("whose provider goes on without us: %s", async (_, head, act, code) => {
    const provider = await start((socket, request) => void socket.write(request.startsWith("GET /small") ? OK : head));
    const client = createClient([provider.origin]);
    const recorded = startCall(client, { url: new URL(provider.origin) }, (call) => call.pause());
    await recorded.firstData;
    const [socket] = provider.connections;
    if (socket) act(socket);
    await letTheRestMove(client, new URL(`${provider.origin}/small`));
    recorded.call.resume();
    setImmediate(() => recorded.call.resume());
    const resuming = setInterval(() => recorded.call.resume(), 1);
    const error = await recorded.outcome;
    clearInterval(resuming);
    expect(error?.code ?? null).toBe(code);
    expect(recorded.events.filter((event) => event === "end" || event === "error").length).toBe(1);
    expect(code === null ? recorded.text() : "abcdef").toBe("abcdef");
  });
});

describe("a streamed request body", () => {
  test("goes at the pace of the provider", async () => {
    const began = deferred<Socket>();
    const provider = await start((socket, head) => {
      if (head.startsWith("GET")) return void socket.write(OK);
      socket.pause();
      began.resolve(socket);
    });
    const client = createClient([provider.origin]);
    let taken = 0;
    const body = new Readable({
      read() {
        setImmediate(() => {
          if (taken >= LARGE) return this.push(null);
          taken += 65_536;
          return this.push(Buffer.alloc(65_536));
        });
      },
    });
    const upload = startCall(client, {
      url: new URL(provider.origin),
      method: "POST",
      headers: ["host", "h", "content-length", String(LARGE)],
      body,
    });
    const socket = await began.promise;
    await letTheRestMove(client, new URL(provider.origin));
    for (let before = -1; before !== taken;) {
      before = taken;
      await letTheRestMove(client, new URL(provider.origin));
    }
    expect(taken).toBeLessThan(LARGE / 2);
    socket.removeAllListeners("data");
    socket.on("data", () => {
      if (socket.bytesRead >= LARGE) socket.write(OK);
    });
    socket.resume();
    expect(await upload.outcome).toBeNull();
    expect(taken).toBe(LARGE);
  });
});

describe("abort", () => {
  test("before anything was sent: no connection, no handler call", async () => {
    const provider = await start((socket) => socket.write(OK));
    const client = createClient([provider.origin]);
    const recorded = startCall(client, { url: new URL(provider.origin) });
    recorded.call.abort();
    await letTheRestMove(client, new URL(provider.origin));
    expect(recorded.events).toEqual([]);
    expect(provider.connections.length).toBe(1);
  });

  test("while the provider thinks: it sees the connection close", async () => {
    const asked = deferred<Socket>();
    const provider = await start((socket) => asked.resolve(socket));
    const recorded = startCall(createClient([provider.origin]), { url: new URL(provider.origin) });
    const socket = await asked.promise;
    recorded.call.abort();
    recorded.call.abort();
    await closed(socket);
    expect(recorded.events).toEqual([]);
  });

  test.each([false, true])("amid the body (paused: %s): it sees the connection close", async (paused) => {
    const provider = await start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${LARGE}\r\n\r\n`);
      pour(socket, LARGE);
    });
    const recorded = startCall(createClient([provider.origin]), { url: new URL(provider.origin) }, (call) => {
      if (paused) call.pause();
    });
    await recorded.firstData;
    recorded.call.abort();
    const { length } = recorded.events;
    await closed(provider.connections[0]);
    recorded.call.resume();
    recorded.call.pause();
    expect(recorded.events.length).toBe(length);
  });

  test("within a handler call: nothing follows", async () => {
    const provider = await start((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"));
    const recorded = startCall(createClient([provider.origin]), { url: new URL(provider.origin) }, (call) =>
      call.abort(),
    );
    await recorded.firstData;
    await closed(provider.connections[0]);
    expect(recorded.events).toEqual(["head", "data"]);
  });

  test("of an answer that is complete but was not read frees its connection", async () => {
    const provider = await start((socket) => socket.write(OK));
    const client = createClient([provider.origin]);
    const recorded = startCall(client, { url: new URL(provider.origin) });
    recorded.call.pause();
    await recorded.head;
    recorded.call.abort();
    await closed(provider.connections[0]);
    await client.close();
    expect(recorded.events).toEqual(["head"]);
  });
});

describe("connections", () => {
  test("are used again, one request at a time", async () => {
    const provider = await start((socket) => socket.write(OK));
    const client = createClient([provider.origin]);
    for (let round = 0; round < 5; round++) {
      expect(await startCall(client, { url: new URL(provider.origin) }).outcome).toBeNull();
    }
    expect(provider.connections.length).toBe(1);
    await Promise.all([1, 2, 3].map(() => startCall(client, { url: new URL(provider.origin) }).outcome));
    expect(provider.connections.length).toBe(3);
  });

  test("that the provider closed while idle are not used", async () => {
    const provider = await start((socket) => socket.write(OK));
    const client = createClient([provider.origin]);
    const url = new URL(provider.origin);
    for (let round = 1; round <= 20; round++) {
      expect(await startCall(client, { url, method: "POST", body: Buffer.from("{}") }).outcome).toBeNull();
      expect(provider.connections.length).toBe(round);
      const socket = provider.connections.at(-1);
      socket?.end();
      if (socket) await once(socket, "close");
    }
  });

  test("on which the provider spoke unasked are not used", async () => {
    const provider = await start((socket, _, count) => socket.write(OK.replace("ok", `${count}.`)));
    const client = createClient([provider.origin]);
    const url = new URL(provider.origin);
    const first = startCall(client, { url });
    await first.outcome;
    const [socket] = provider.connections;
    socket?.write("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison");
    await closed(socket);
    const second = startCall(client, { url });
    await second.outcome;
    expect(second.text()).toBe("2.");
    expect(provider.connections.length).toBe(2);
  });

  test("a request that a closing connection swallowed is not sent again", async () => {
    let requests = 0;
    const provider = await start((socket, _, count) => {
      requests = count;
      if (count === 1) socket.write(OK);
      else socket.resetAndDestroy();
    });
    const client = createClient([provider.origin]);
    const url = new URL(provider.origin);
    await startCall(client, { url }).outcome;
    for (const method of ["POST", "GET"]) {
      const before = requests;
      expect(await startCall(client, { url, method }).outcome).toMatchObject({ code: "upstream-broken" });
      expect(requests).toBe(before + 1);
    }
  });

  test.each([
    ["Keep-Alive: timeout=1", 2],
    ["Connection: close", 2],
    ["Keep-Alive: timeout=60, max=100", 1],
  ])("%s is respected", async (header, connections) => {
    const provider = await start((socket) => socket.write(OK.replace("OK\r\n", `OK\r\n${header}\r\n`)));
    const client = createClient([provider.origin]);
    await startCall(client, { url: new URL(provider.origin) }).outcome;
    await startCall(client, { url: new URL(provider.origin) }).outcome;
    expect(provider.connections.length).toBe(connections);
  });

  test("close waits for the calls in flight and leaves no connection", async () => {
    const provider = await start((socket, head) => {
      if (head.startsWith("GET /idle")) return void socket.write(OK);
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc");
    });
    const client = createClient([provider.origin]);
    const slow = startCall(client, { url: new URL(provider.origin) });
    await slow.firstData;
    await startCall(client, { url: new URL(`${provider.origin}/idle`) }).outcome;
    let isClosed = false;
    const closing = client.close().then(() => {
      isClosed = true;
    });
    await closed(provider.connections[1]);
    expect(isClosed).toBe(false);
    provider.connections[0]?.write("def");
    expect(await slow.outcome).toBeNull();
    await closing;
    expect(slow.text()).toBe("abcdef");
    await closed(provider.connections[0]);
  });
});
