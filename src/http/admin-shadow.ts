import type { DeskShadow } from "../dashboard/desk-api.ts";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { sendJson } from "./send-json.ts";

export type ShadowDeps = Pick<OperatorDeps, "mode" | "shadowLedger" | "auditLedger" | "judge">;

/** `GET shadow`: what would have been served, and how often it would have been wrong; `DELETE` begins the counting anew. */
export function createShadowRoutes(deps: ShadowDeps): readonly OperatorRoute[] {
  const path = "/semcache/v1/admin/shadow";
  return [
    {
      method: "GET",
      path,
      access: "operator",
      handle: (_request, response) => sendJson(response, 200, toDeskShadow(deps)),
    },
    {
      method: "DELETE",
      path,
      access: "operator",
      handle: (_request, response) => {
        deps.shadowLedger.reset();
        sendJson(response, 200, toDeskShadow(deps));
      },
    },
  ];
}

function toDeskShadow({ mode, shadowLedger, auditLedger, judge }: ShadowDeps): DeskShadow {
  return { mode, shadow: shadowLedger.report(), audits: auditLedger.report(), judge: judge() };
}
