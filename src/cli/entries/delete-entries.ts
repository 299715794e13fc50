import type { EntryDesk } from "./entry-desk.ts";

/** `entries delete ID...`: each is told of; those that are not there make it fail, after the others are deleted. */
export async function deleteEntries(desk: EntryDesk, ids: readonly string[]): Promise<number> {
  let missing = 0;
  for (const id of ids) {
    if (await desk.remove(id)) process.stdout.write(`deleted ${id}\n`);
    else {
      missing++;
      process.stderr.write(`semcache: Cannot delete entry ${JSON.stringify(id)}: it is not in the cache\n`);
    }
  }
  return missing > 0 ? 1 : 0;
}
