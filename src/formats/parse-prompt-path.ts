import { SemcacheError } from "../base/errors.ts";
import { evaluateQuery, QueryBudgetError, type QueryNode } from "./json-path/evaluate-query.ts";
import { parseQuery, QuerySyntaxError } from "./json-path/parse-query.ts";
import type { Location, PromptPath } from "./prompt-path.ts";

/** Characters of a path; real ones have a few dozen. A longer one is an error of the caller. */
export const MAX_PATH_CHARS = 1_000;

/**
 * Values visited and characters matched in one search, a few milliseconds at most: nested descents and filters
 * multiply, and the caller chooses both path and body. What takes longer is an error of the caller.
 */
export const MAX_PATH_STEPS = 50_000;

/** @throws {SemcacheError} `prompt-path-invalid` */
export function parsePromptPath(text: string): PromptPath {
  if (text.length > MAX_PATH_CHARS) {
    throw new SemcacheError(
      "prompt-path-invalid",
      `Cannot read the prompt path "${text.slice(0, 40)}...": it has ${text.length} characters, at most ${MAX_PATH_CHARS} are allowed`,
    );
  }
  try {
    const query = parseQuery(text);
    return {
      text,
      select(body) {
        try {
          return evaluateQuery(query, body, { left: MAX_PATH_STEPS }).map((node) => ({
            value: node.value,
            location: locationOf(node),
          }));
        } catch (error) {
          if (!(error instanceof QueryBudgetError)) throw error;
          throw new SemcacheError(
            "prompt-path-no-match",
            `Cannot find the prompt at ${text}: the search takes more than ${MAX_PATH_STEPS} steps in this body`,
            { cause: error },
          );
        }
      },
    };
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error;
    throw new SemcacheError("prompt-path-invalid", `Cannot read the prompt path "${text}": ${error.message}`, {
      cause: error,
    });
  }
}

function locationOf(node: QueryNode): Location {
  const location: (string | number)[] = [];
  for (let at: QueryNode | null = node; at !== null && at.key !== null; at = at.parent) location.push(at.key);
  return location.reverse();
}
