import type { Fields } from "./body.ts";
import type { Script } from "./script.ts";

/** The usual answer with this usage, in the places where the provider's own stands; null: without any. */
export function withUsage(usage: Fields | null): Script {
  return async ({ answer, send }) => {
    const reply = await answer();
    const parts = reply.parts.map((part) => Buffer.from(rewrite(part.toString("utf8"), usage)));
    await send({ ...reply, parts });
  };
}

function rewrite(text: string, usage: Fields | null): string {
  if (!text.startsWith("data:") && !text.startsWith("event:")) return JSON.stringify(replace(JSON.parse(text), usage));
  return text.replaceAll(
    /^data: (\{.*\})$/gmu,
    (_, json: string) => `data: ${JSON.stringify(replace(JSON.parse(json), usage))}`,
  );
}

function replace(value: Fields, usage: Fields | null): Fields {
  const changed = { ...value };
  if (isFields(value["message"]))
    changed["message"] = replace(value["message"], usage && { ...usage, output_tokens: 1 });
  if (isFields(value["usage"])) {
    if (usage === null) delete changed["usage"];
    else changed["usage"] = usage;
  }
  return changed;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
