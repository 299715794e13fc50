import { SemcacheError } from "../../base/errors.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { createStreamOutput } from "../output.ts";
import { toPlainLine, toPlainText } from "../plain-text.ts";

/** `entries show ID`: its fields, its prompt and its answer. @throws {SemcacheError} `not-found` */
export async function showEntry(
  desk: EntryDesk,
  id: string,
  { json }: { readonly json?: boolean | undefined },
): Promise<number> {
  const entry = await desk.show(id);
  if (entry === null) {
    throw new SemcacheError("not-found", `Cannot find entry ${JSON.stringify(id)}: it is not in the cache`);
  }
  const output = createStreamOutput(process.stdout);
  if (json) {
    await output.write(`${JSON.stringify(entry)}\n`);
  } else {
    const { prompt, answer, ...fields } = entry;
    const width = Math.max(...Object.keys(fields).map((name) => name.length));
    const lines = Object.entries(fields).map(([name, value]) => {
      const shown = typeof value === "string" ? value : JSON.stringify(value);
      return `${name.padEnd(width)}  ${toPlainLine(shown)}`;
    });
    const body = answer.text ?? `(not text, in base64) ${answer.base64 ?? ""}`;
    await output.write(`${lines.join("\n")}\n\nprompt\n${toPlainText(prompt)}\n\nanswer\n${toPlainText(body)}\n`);
  }
  await output.finish();
  return 0;
}
