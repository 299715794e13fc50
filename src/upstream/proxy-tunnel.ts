import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import tls from "node:tls";
import { SemcacheError } from "../base/errors.ts";
import { withoutTrailingDots, isAddressLiteral } from "./allowed-origin.ts";

/**
 * Opens a tunnel through an egress proxy (CONNECT, RFC 9110, 9.3.6), with TLS inside it for https targets.
 *
 * @param timeoutMs for the whole of it; 0: no limit. The call that waits has its own timer, this one ends the attempt.
 * @returns a socket over which the target's HTTP is spoken.
 */
export function openTunnel(proxy: URL, target: URL, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const port = target.port || (target.protocol === "https:" ? "443" : "80");
    const authority = `${target.hostname}:${port}`;
    const request = (proxy.protocol === "https:" ? https : http).request({
      method: "CONNECT",
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      path: authority,
      headers: { host: authority, ...proxyCredentials(proxy) },
      agent: false,
    });
    let socket: Socket | null = null;
    let settled = false;
    const settle = () => {
      clearTimeout(timer);
      const first = !settled;
      settled = true;
      return first;
    };
    const fail = (error: unknown, what: string) => {
      if (!settle()) return;
      request.destroy();
      socket?.destroy();
      const message = `Cannot connect to ${target.host} through the egress proxy ${proxy.host}: ${what}`;
      reject(new SemcacheError("upstream-unreachable", message, { cause: error }));
    };
    // The target's own failure, not the proxy's: its cause is told as for a direct connection.
    const onTlsError = (error: Error) => {
      if (settle()) reject(error);
    };
    const timer =
      timeoutMs > 0 ? setTimeout(() => fail(null, `no tunnel within ${timeoutMs} ms`), timeoutMs) : undefined;
    request.on("error", (error) => fail(error, "it cannot be reached"));
    // Without this listener node would read an answer other than 2xx as that of a plain request, and wait for its end.
    request.on("connect", (response, tunnel, head) => {
      socket = tunnel;
      const onError = (error: Error) => fail(error, "it closed the tunnel");
      tunnel.on("error", onError);
      const status = response.statusCode ?? 0;
      if (status < 200 || status > 299) return fail(null, `it answered ${status}`);
      // A server that speaks first over the tunnel: its bytes came with the proxy's answer.
      if (head.length > 0) tunnel.unshift(head);
      if (target.protocol !== "https:") {
        tunnel.off("error", onError);
        if (settle()) resolve(tunnel);
        return;
      }
      const servername = isAddressLiteral(target.hostname) ? "" : withoutTrailingDots(target.hostname);
      const secure = tls.connect({ socket: tunnel, servername, host: target.hostname.replace(/^\[|\]$/g, "") });
      socket = secure;
      secure.on("error", onTlsError);
      secure.once("secureConnect", () => {
        secure.off("error", onTlsError);
        if (settle()) resolve(secure);
      });
    });
    request.end();
  });
}

function proxyCredentials(proxy: URL): Record<string, string> {
  if (!proxy.username && !proxy.password) return {};
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}
