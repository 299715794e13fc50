import { z } from "zod";
import type { EntryFilter } from "../transfer/entry-filter.ts";

const name = z.string().min(1).max(1_000);

/** The conditions of `GET entries` and `GET export`. */
export const filterQuery = {
  /** Several with commas between them, which no tag has: entries with at least one of them. */
  tag: z.string().min(1).max(10_000).optional(),
  namespace: z.string().max(1_000).optional(),
  model: name.optional(),
  tenant: name.optional(),
  older_than: z.string().optional(),
};

export function toFilter({
  tag,
  ...rest
}: { readonly tag?: string | undefined } & Omit<EntryFilter, "tags">): EntryFilter {
  return { ...rest, tags: tag?.split(",").filter((part) => part !== "") };
}
