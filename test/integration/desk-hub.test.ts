import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { EventHub, type EventHubOptions } from "#semcache/http/event-hub.js";
import { EventReader } from "../support/event-reader.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

/** A hub on a socket, that tells of a counter and of a sequence of numbers. */
async function start(options: Partial<EventHubOptions> & { readonly padding?: number } = {}) {
  const { padding = 0, ...rest } = options;
  const state = { counter: 0, looks: 0, end: 0, parts: 0 };
  const hub = new EventHub({
    sources: {
      latest: {
        count: () => {
          state.looks++;
          return JSON.stringify({ counter: state.counter, padding: "x".repeat(padding) });
        },
      },
      sequence: {
        name: "number",
        atJoin: 3,
        end: () => state.end,
        between: (from, to) => {
          state.parts++;
          return JSON.stringify({ from, to });
        },
      },
    },
    tickMs: 10,
    ...rest,
  });
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    hub.join(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  cleanups.push(async () => {
    hub.close();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const url = `http://127.0.0.1:${port}/`;
  return {
    hub,
    port,
    state,
    async open() {
      const reader = await EventReader.open(url);
      cleanups.push(() => reader.close());
      return reader;
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** Sends a request and reads nothing of the answer. */
async function openSilent(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  cleanups.push(() => void socket.destroy());
  return socket;
}

describe("EventHub", () => {
  it("tells who joins how things stand, and then what changes", async () => {
    const { open, state } = await start();
    state.end = 10;
    const reader = await open();
    expect(await reader.next("count")).toMatchObject({ counter: 0 });
    expect(await reader.next("number")).toEqual({ from: 7, to: 10 });
    state.counter = 5;
    expect(await reader.next("count")).toMatchObject({ counter: 5 });
    state.end = 12;
    expect(await reader.next("number")).toEqual({ from: 10, to: 12 });
  });

  it("looks only while somebody listens", async () => {
    const { hub, open, state } = await start();
    const reader = await open();
    await reader.next("count");
    reader.close();
    await until(() => hub.readers === 0);
    const { looks } = state;
    // Long enough for ten ticks, were there any.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(state.looks).toBe(looks);
    state.counter = 7;
    expect(await (await open()).next("count")).toMatchObject({ counter: 7 });
  });

  it("makes one snapshot for all who listen", async () => {
    const { hub, open, state } = await start({ tickMs: 100 });
    const readers = await Promise.all(Array.from({ length: 20 }, () => open()));
    expect(hub.readers).toBe(20);
    await Promise.all(readers.map((reader) => reader.next("count")));
    state.end = 4;
    const before = state.looks;
    const told = await Promise.all(readers.map((reader) => reader.next("number")));
    expect(new Set(told.map((data) => JSON.stringify(data)))).toEqual(new Set(['{"from":0,"to":4}']));
    expect(state.parts).toBe(1);
    // Once in each tick that went by, not once for each reader.
    expect(state.looks - before).toBeLessThan(10);
  });

  it("writes a comment where there is nothing else to say", async () => {
    const { open } = await start({ heartbeatMs: 20 });
    const reader = await open();
    await until(() => reader.comments.length >= 2);
    expect(await reader.next("count")).toMatchObject({ counter: 0 });
  });

  it("a reader that takes nothing is let go, and until then nothing piles up for it; others are told on time", async () => {
    const { hub, open, port, state } = await start({ padding: 200_000, stalledMs: 200 });
    const silent = await openSilent(port);
    const reader = await open();
    await until(() => hub.readers === 2);
    let written = 0;
    while (hub.readers === 2) {
      const counter = ++state.counter;
      state.end++;
      expect(await reader.next<{ counter: number }>("count", (data) => data.counter >= counter)).not.toBeNull();
      written++;
    }
    // Frames of 200 kB: far more were due than the buffers of a connection take.
    expect(written).toBeGreaterThan(20);
    silent.resume();
    let received = 0;
    silent.on("data", (bytes: Buffer) => (received += bytes.length));
    await once(silent, "close");
    expect(received).toBeLessThan(written * 200_000);
    expect(hub.readers).toBe(1);
  });

  it("a reader that falls behind and comes back is told how things stand then, and how much it has missed", async () => {
    const { hub, port, state } = await start({ padding: 200_000, stalledMs: 60_000 });
    const slow = await openSilent(port);
    await until(() => hub.readers === 1);
    for (let looks = state.looks; state.looks < looks + 60;) {
      state.counter++;
      state.end++;
      const seen = state.looks;
      await until(() => state.looks > seen);
    }
    const { counter, end } = state;
    let text = "";
    slow.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
    slow.resume();
    const parts = () => [...text.matchAll(/"from":(\d+),"to":(\d+)/g)].map((match) => match.slice(1).map(Number));
    await until(() => (parts().at(-1)?.[1] ?? 0) >= end);
    expect(text).toContain(`"counter":${counter}`);
    const told = parts();
    // Fewer and longer stretches than there were ticks, without a hole between them.
    expect(told.length).toBeLessThan(60);
    for (const [index, [from]] of told.entries()) if (index > 0) expect(from).toBe(told[index - 1]?.[1]);
    expect(hub.readers).toBe(1);
  });

  it("ends all streams when it is closed, and those that come later", async () => {
    const { hub, open, port } = await start({ padding: 200_000, stalledMs: 60_000 });
    const silent = await openSilent(port);
    const reader = await open();
    await reader.next("count");
    await until(() => hub.readers === 2);
    hub.close();
    expect(await reader.next("never")).toBeNull();
    silent.resume();
    await once(silent, "close");
    await until(() => hub.readers === 0);
    expect(await (await open()).next("count")).toBeNull();
  });

  it("is full at some point", async () => {
    const { hub, open } = await start({ maxReaders: 2 });
    await open();
    expect(hub.isFull).toBe(false);
    await open();
    expect(hub.isFull).toBe(true);
  });
});
