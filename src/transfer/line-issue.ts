import type { z } from "zod";

/** The first thing that is wrong with a line, beginning with its field. A wrong version is told as such: all else follows from it. */
export function describeIssue({ issues }: z.core.$ZodError, kind: string, version: number): string {
  if (issues.some(({ path }) => path[0] === kind)) return `${kind} is of another version, this one reads ${version}`;
  const [issue] = issues;
  if (issue === undefined) return "the line cannot be used";
  const field = issue.path.map(String).join(".");
  return field === "" ? issue.message : `${field}: ${issue.message}`;
}
