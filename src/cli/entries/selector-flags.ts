import { SemcacheError } from "../../base/errors.ts";
import { parseDurationMs } from "../../base/units.ts";
import type { EntryFilter } from "../../transfer/entry-filter.ts";

export interface SelectorFlags {
  readonly tag?: readonly string[] | undefined;
  readonly namespace?: string | undefined;
  readonly model?: string | undefined;
  readonly tenant?: string | undefined;
  readonly "older-than"?: string | undefined;
}

/** @throws {SemcacheError} `usage` */
export function toEntryFilter(flags: SelectorFlags): EntryFilter {
  const { tag, namespace, model, tenant } = flags;
  const olderThan = flags["older-than"];
  if (olderThan !== undefined && parseDurationMs(olderThan) === null) {
    throw new SemcacheError(
      "usage",
      `Cannot run: --older-than is ${JSON.stringify(olderThan)}, expected a duration such as 30m, 12h or 7d`,
    );
  }
  const tags = tag?.flatMap((value) => value.split(",")).filter((value) => value !== "");
  if (tags?.length === 0) throw new SemcacheError("usage", "Cannot run: --tag is empty");
  for (const [name, value] of Object.entries({ model, tenant })) {
    if (value === "") throw new SemcacheError("usage", `Cannot run: --${name} is empty`);
  }
  return {
    ...(tags === undefined ? {} : { tags }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(model === undefined ? {} : { model }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(olderThan === undefined ? {} : { older_than: olderThan }),
  };
}
