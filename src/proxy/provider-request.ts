import { toUpstreamHeaders } from "../upstream/header-policy.ts";
import type { UpstreamRequest } from "../upstream/upstream-client.ts";
import type { UpstreamTarget } from "../upstream/upstream-target.ts";
import type { Exchange } from "./exchange.ts";
import type { ProxySettings } from "./proxy-options.ts";

/** The client's request as the provider gets it, but for the headers that are `hidden` (in lower case). */
export function toProviderRequest(
  exchange: Exchange,
  target: UpstreamTarget,
  { varyHeaders, tenantHeader }: Pick<ProxySettings, "varyHeaders" | "tenantHeader">,
  hidden: readonly string[] = [],
): UpstreamRequest {
  return {
    url: target.url,
    requestTarget: target.requestTarget,
    method: exchange.request.method ?? "GET",
    headers: toUpstreamHeaders(exchange.request.rawHeaders, {
      host: target.url.host,
      endToEnd: varyHeaders,
      extraHidden: tenantHeader === null ? hidden : [...hidden, tenantHeader],
      bodyLength: bodyLength(exchange),
    }),
    body: toUpstreamBody(exchange),
  };
}

function toUpstreamBody({ body }: Exchange) {
  switch (body.kind) {
    case "whole":
      return body.bytes;
    case "streamed":
      return body.stream;
    case "none":
      return null;
    default:
      return body satisfies never;
  }
}

/** Null: none, or of unknown length. */
function bodyLength({ body, request }: Exchange): number | null {
  if (body.kind === "whole") return body.bytes.length;
  const announced = request.headers["content-length"];
  return announced === undefined || body.kind === "none" ? null : Number(announced);
}
