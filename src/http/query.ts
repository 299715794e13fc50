import type { z } from "zod";
import { SemcacheError } from "../base/errors.ts";

/**
 * The query of an own route, checked; a name that is given twice is an error.
 *
 * @throws {SemcacheError} `bad-request`
 */
export function parseQuery<T>(url: URL, schema: z.ZodType<T>): T {
  const names = [...url.searchParams.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new SemcacheError("bad-request", `Cannot use the query: ${twice} is there twice`);
  const parsed = schema.safeParse(Object.fromEntries(url.searchParams));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SemcacheError(
    "bad-request",
    `Cannot use the query: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
}

/**
 * The `{id}` at the end of the path.
 *
 * @throws {SemcacheError} `bad-request`
 */
export function lastSegment(url: URL): string {
  const segment = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new SemcacheError(
      "bad-request",
      `Cannot read the id ${JSON.stringify(segment)}: it is not percent-encoded UTF-8`,
    );
  }
}
