import type { EntrySelector } from "../cache-store.ts";
import { NONE } from "./column.ts";
import type { EntryColumns } from "./entry-columns.ts";
import type { InternedNames } from "./interned-names.ts";
import type { Slot } from "./slot-pool.ts";

type Where = Extract<EntrySelector, { kind: "where" }>;

/**
 * Whether the entry in a slot is selected, as `isSelected` says it of an entry. Names become numbers once, here: the
 * filter is good until the next entry comes or goes. Null: nothing can be selected, since a name is nobody's.
 */
export function createSlotFilter(
  { tags, namespace, model, tenant, createdBeforeMs }: Where,
  columns: EntryColumns,
): ((slot: Slot) => boolean) | null {
  const namespaceNumber = toNumber(namespace, columns.namespaces);
  const modelNumber = toNumber(model, columns.models);
  const tenantNumber = toNumber(tenant, columns.tenants);
  if (namespaceNumber === null || modelNumber === null || tenantNumber === null) return null;
  const hasTag = tags === undefined ? null : createTagFilter(tags, columns);
  return (slot) =>
    (createdBeforeMs === undefined || columns.createdAtMs.get(slot) < createdBeforeMs) &&
    (namespaceNumber === ANY || columns.namespace.get(slot) === namespaceNumber) &&
    (modelNumber === ANY || columns.model.get(slot) === modelNumber) &&
    (tenantNumber === ANY || columns.tenant.get(slot) === tenantNumber) &&
    (hasTag === null || hasTag(columns.tagList.get(slot)));
}

/** No name has it: numbers of names begin at zero. */
const ANY = -1;

function toNumber(name: string | undefined, names: InternedNames): number | null {
  return name === undefined ? ANY : names.find(name);
}

/** Each list of tags is read once, however many entries share it. */
function createTagFilter(tags: readonly string[], columns: EntryColumns): (tagList: number) => boolean {
  const wanted = new Set(tags);
  const known = new Map<number, boolean>();
  return (tagList) => {
    if (tagList === NONE) return false;
    let isWanted = known.get(tagList);
    if (isWanted === undefined) {
      isWanted = columns.tagsOf(tagList).some((tag) => wanted.has(tag));
      known.set(tagList, isWanted);
    }
    return isWanted;
  };
}
