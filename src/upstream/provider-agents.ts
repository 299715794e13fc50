import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { openTunnel } from "./proxy-tunnel.ts";

/**
 * Connections to one origin (scheme, host, port). Calls beyond it wait for a free one, and the wait counts as
 * connecting. A streamed answer holds its connection to the end, so this is the number of calls in flight.
 */
export const MAX_CONNECTIONS_PER_ORIGIN = 1024;
/** Idle connections kept per origin; more are closed when they fall idle. */
const MAX_IDLE_PER_ORIGIN = 256;
/** Without a hint: uvicorn, which serves most self-hosted models, and node close after 5 s without saying so. */
const IDLE_MS = 4000;
/** With a `Keep-Alive: timeout=` hint we close this much earlier: a request that meets a closing socket fails. */
const HINT_MARGIN_MS = 1000;
const MAX_IDLE_MS = 600_000;

const AGENT_OPTIONS = {
  keepAlive: true,
  maxSockets: MAX_CONNECTIONS_PER_ORIGIN,
  maxFreeSockets: MAX_IDLE_PER_ORIGIN,
  // The connection used last is the one least likely to be closing.
  scheduling: "lifo",
} as const;

/** Set on a request's options when it goes through an egress proxy. */
export interface TunnelOptions {
  readonly proxy: URL;
  readonly target: URL;
  readonly timeoutMs: number;
}

export interface ProviderAgents {
  agentFor(url: URL): http.Agent;
  /** The provider's `Keep-Alive` header on an answer that is coming over `socket`. */
  noteKeepAlive(socket: Socket, hint: string): void;
  /** Closes idle connections; the others close after their answer. */
  close(): void;
}

/** The connection pools: HTTP/1.1, one request at a time on a connection. */
export function createProviderAgents(): ProviderAgents {
  const idleLimits = new WeakMap<Socket, number>();
  let closed = false;
  const agents = { "http:": new http.Agent(AGENT_OPTIONS), "https:": new https.Agent(AGENT_OPTIONS) };
  for (const agent of Object.values(agents)) {
    keepIdleConnectionsSafe(agent, (socket) => (closed ? 0 : (idleLimits.get(socket) ?? IDLE_MS)));
    tunnelWhereAsked(agent);
  }
  return {
    agentFor: (url) => (url.protocol === "https:" ? agents["https:"] : agents["http:"]),
    noteKeepAlive(socket, hint) {
      const seconds = /(?:^|[\s,])timeout=(\d+)/i.exec(hint)?.[1];
      if (seconds === undefined) return;
      idleLimits.set(socket, Math.min(Math.max(Number(seconds) * 1000 - HINT_MARGIN_MS, 0), MAX_IDLE_MS));
    },
    close() {
      closed = true;
      for (const agent of Object.values(agents)) {
        for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
      }
    },
  };
}

/** What a provider sends unasked must not be read as the answer to the next request, maybe another tenant's. */
function onUnaskedData(this: Socket): void {
  this.destroy();
}

function keepIdleConnectionsSafe(agent: http.Agent, idleMsOf: (socket: Socket) => number): void {
  const reuse = agent.reuseSocket.bind(agent);
  agent.keepSocketAlive = (duplex) => {
    const socket = duplex as Socket;
    const idleMs = idleMsOf(socket);
    if (idleMs <= 0) return false;
    socket.setKeepAlive(true, 1000);
    socket.unref();
    // The agent destroys idle sockets on their timeout event.
    socket.setTimeout(idleMs);
    socket.on("data", onUnaskedData);
    return true;
  };
  agent.reuseSocket = (duplex, request) => {
    const socket = duplex as Socket;
    socket.off("data", onUnaskedData);
    socket.setTimeout(0);
    reuse(duplex, request);
  };
}

type OnConnection = (error: Error | null, socket?: Socket) => void;
type CreateConnection = (options: object, callback: OnConnection) => unknown;

function tunnelWhereAsked(agent: http.Agent): void {
  const pooled = agent as unknown as { createConnection: CreateConnection };
  const connect = pooled.createConnection.bind(agent);
  pooled.createConnection = (options, callback) => {
    const { tunnel } = options as { tunnel?: TunnelOptions };
    if (!tunnel) return connect(options, callback);
    void connectThrough(tunnel, callback);
    return undefined;
  };
}

async function connectThrough({ proxy, target, timeoutMs }: TunnelOptions, callback: OnConnection): Promise<void> {
  let socket: Socket;
  try {
    socket = await openTunnel(proxy, target, timeoutMs);
  } catch (error) {
    callback(error as Error);
    return;
  }
  callback(null, socket);
}
