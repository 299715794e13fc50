import { z } from "zod";
import type { OperatorDeps, OperatorRoute } from "./operator-route.ts";
import { readJsonBody } from "./read-json-body.ts";
import { sendJson } from "./send-json.ts";

const MINUTE_MS = 60_000;

const command = z.strictObject({ show: z.boolean(), minutes: z.number().positive().max(60).default(15) });

/** `POST prompts`: from now on, for a while, decisions keep the prompts that they are about; in memory only. */
export function createPromptsRoute({ prompts }: Pick<OperatorDeps, "prompts">): OperatorRoute {
  return {
    method: "POST",
    path: "/semcache/v1/admin/prompts",
    access: "operator",
    handle: async (request, response) => {
      const { show, minutes } = await readJsonBody(request, response, command, { maxBytes: 1_024 });
      if (show) prompts.show(minutes * MINUTE_MS);
      else prompts.hide();
      sendJson(response, 200, prompts.state);
    },
  };
}
