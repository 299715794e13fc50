import type { IncomingMessage, ServerResponse } from "node:http";
import type { DashboardFile, DashboardFiles } from "../dashboard/dashboard-files.ts";
import type { OperatorRoute } from "./operator-route.ts";
import { send } from "./send-json.ts";

/**
 * The page and its assets, without access control: nothing in them but the program. It fetches all that it shows, with
 * the operator's token.
 */
export function createDashboardPageRoutes({ page, assets }: DashboardFiles): readonly OperatorRoute[] {
  return [
    {
      method: "GET",
      path: page.path,
      access: "open",
      // Asked for anew each time: it names the assets of this version.
      handle: (request, response) => sendFile(request, response, page, { ...pageHeaders, "cache-control": "no-cache" }),
    },
    ...assets.map((asset): OperatorRoute => ({
      method: "GET",
      path: asset.path,
      access: "open",
      handle: (request, response) =>
        sendFile(request, response, asset, {
          "cache-control": "public, max-age=31536000, immutable",
          "cross-origin-resource-policy": "same-origin",
        }),
    })),
  ];
}

/** Only our own files run or style, text never becomes HTML (Trusted Types), nothing is loaded from or sent elsewhere. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const pageHeaders = {
  "content-security-policy": policy,
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, brotli, gzip, contentType, etag }: DashboardFile,
  headers: Record<string, string>,
): void {
  const [coding, body] = chooseForm(request.headers["accept-encoding"] ?? "", { br: brotli, gzip }) ?? ["", bytes];
  // Each form has a tag of its own (RFC 9110, 8.8.3.3).
  const tag = coding === "" ? etag : etag.replace(/"$/, `-${coding}"`);
  const all = {
    ...headers,
    etag: tag,
    vary: "accept-encoding",
    ...(coding === "" ? {} : { "content-encoding": coding }),
  };
  if (hasTag(request.headers["if-none-match"], tag)) {
    response.writeHead(304, all).end();
    return;
  }
  send(response, 200, contentType, body, all);
}

/** The smallest form that the client takes; null: as it is. A coding with `q=0` is refused (RFC 9110, 12.5.3). */
function chooseForm(
  accepted: string,
  forms: Readonly<Record<string, Buffer | null>>,
): readonly [coding: string, body: Buffer] | null {
  const codings = new Set<string>();
  for (const part of accepted.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    if (!parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))) codings.add(name);
  }
  for (const [coding, body] of Object.entries(forms)) if (body !== null && codings.has(coding)) return [coding, body];
  return null;
}

function hasTag(wanted: string | undefined, tag: string): boolean {
  return wanted?.split(",").some((each) => each.trim().replace(/^W\//, "") === tag) ?? false;
}
