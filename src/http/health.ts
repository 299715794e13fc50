import type { OperatorDeps, OperatorRoute, Readiness } from "./operator-route.ts";
import { sendJson } from "./send-json.ts";

export type { PartState, Readiness } from "./operator-route.ts";

/**
 * `/health`: the process answers. `/ready`: it should be given traffic. While warming and draining requests are
 * relayed all the same; a degraded part costs hits, not requests, and so leaves it ready.
 */
export function createHealthRoutes(deps: Pick<OperatorDeps, "version" | "readiness">): readonly OperatorRoute[] {
  const { version, readiness } = deps;
  return [
    {
      method: "GET",
      path: "/",
      access: "open",
      handle: (_request, response) =>
        sendJson(response, 200, {
          name: "semcache",
          version,
          status: statusOf(readiness()),
          usage: "Point an SDK at this address: base_url = http://<this host>, or with /v1 for OpenAI's SDK",
          dashboard: "/admin",
          metrics: "/metrics",
          ready: "/ready",
        }),
    },
    {
      method: "GET",
      path: "/health",
      access: "open",
      handle: (_request, response) => sendJson(response, 200, { status: "ok", version }),
    },
    {
      method: "GET",
      path: "/ready",
      access: "open",
      handle: (_request, response) => {
        const state = readiness();
        const status = statusOf(state);
        const { parts } = state;
        const details = Object.fromEntries(parts.map(({ name, detail }) => [name, detail]));
        const body = { status, ...(parts.length === 0 ? {} : { parts: parts.map(({ name }) => name), details }) };
        const isReady = state.state === "ready";
        sendJson(response, isReady ? 200 : 503, body, state.state === "draining" ? { "retry-after": "1" } : {});
      },
    },
  ];
}

function statusOf(readiness: Readiness): "ready" | "degraded" | "warming" | "draining" {
  return readiness.state === "ready" && readiness.parts.length > 0 ? "degraded" : readiness.state;
}
