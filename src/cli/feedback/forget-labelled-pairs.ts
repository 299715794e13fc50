import { existsSync } from "node:fs";
import { join } from "node:path";
import { SemcacheError } from "../../base/errors.ts";
import { LABELLED_PAIRS_FILE, LabelledPairs } from "../../matching/audit/labelled-pairs.ts";
import type { EntrySelector } from "../../store/cache-store.ts";
import { openFileStateStore } from "../../store/file-state-store.ts";

/**
 * Takes the pairs of these entries out of the file of a folder that no server has.
 *
 * @throws {SemcacheError} `store-failed` where the file may still hold them
 */
export async function forgetLabelledPairs(folder: string, selector: EntrySelector): Promise<number> {
  const path = join(folder, LABELLED_PAIRS_FILE);
  if (!existsSync(path)) return 0;
  const faults: string[] = [];
  const state = await openFileStateStore({
    folder,
    fileName: LABELLED_PAIRS_FILE,
    onFault: (message) => faults.push(message),
  });
  const forgotten = await new LabelledPairs({ state }).forget(selector).finally(() => state.close());
  const fault = faults.find((message) => message.startsWith("Cannot"));
  if (fault !== undefined) throw new SemcacheError("store-failed", fault);
  return forgotten;
}
