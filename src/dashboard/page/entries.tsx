import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { DeskEntry, EntryQuery } from "../desk-api.ts";
import { Button } from "./button.tsx";
import { describeFault, readEntries } from "./api-client.ts";
import { deletedEntry, openEntry } from "./entry-dialog.tsx";
import { FaultNotice } from "./fault-notice.tsx";
import { formatBytes, formatCount, formatDateTime, plural } from "./format.ts";
import { InvalidateDialog } from "./invalidate-dialog.tsx";
import { EmptyStart } from "./empty-start.tsx";
import { stats } from "./desk.ts";
import { readForm, whenTypingRests } from "./typed-form.ts";

type Conditions = Omit<EntryQuery, "limit" | "after">;

const query = signal<Conditions>({});
const entries = signal<readonly DeskEntry[]>([]);
const next = signal<string | null>(null);
const scanned = signal(0);
const loading = signal(false);
const fault = signal<string | null>(null);
const invalidating = signal(false);
const isFiltered = computed(() => Object.values(query.value).some((value) => value !== undefined && value !== ""));

let asked = new AbortController();

async function search(changes: Conditions = {}): Promise<void> {
  query.value = { ...query.value, ...changes };
  asked.abort();
  asked = new AbortController();
  await load(undefined, asked.signal);
}

async function load(after: string | undefined, current: AbortSignal): Promise<void> {
  loading.value = true;
  try {
    const page = await readEntries({ ...query.value, after }, current);
    if (current.aborted) return;
    entries.value = after === undefined ? page.entries : [...entries.value, ...page.entries];
    scanned.value = (after === undefined ? 0 : scanned.value) + page.scanned;
    next.value = page.next;
    fault.value = null;
  } catch (error) {
    if (!current.aborted) fault.value = describeFault(error);
  } finally {
    if (!current.aborted) loading.value = false;
  }
}

export function Entries() {
  useEffect(() => void search(), []);
  const shown = entries.value.filter(({ id }) => id !== deletedEntry.value);
  if (stats.value?.store.entries === 0 && !isFiltered.value && shown.length === 0 && !loading.value)
    return (
      <section class="panel" aria-label="Entries">
        <EmptyStart what="Nothing is stored yet." />
      </section>
    );
  return (
    <section class="panel" aria-label="Entries">
      <div class="bar">
        <Filters />
        <span class="inline">
          <Button onClick={() => void search()}>Refresh</Button>
          <Button class="danger" onClick={() => (invalidating.value = true)}>
            Invalidate…
          </Button>
        </span>
      </div>
      <FaultNotice text={fault.value} />
      <p class="dim" aria-live="polite">
        {loading.value
          ? "Loading…"
          : `${plural(shown.length, "entry", "entries")}${next.value === null ? "" : " so far"}, newest first; ` +
            `looked at ${formatCount(scanned.value)} of ${formatCount(stats.value?.store.entries ?? null)}`}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="List of entries">
        <table class="entries">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((entry) => (
              <tr key={entry.id}>
                <td class="prompt">
                  <Button class="link" onClick={() => openEntry(entry.id)}>
                    {entry.prompt || "(no text)"}
                    {entry.promptLength > entry.prompt.length && "…"}
                  </Button>
                </td>
                <td>
                  <span class={`badge ${entry.match}`}>{entry.match === "semantic" ? "by meaning" : "equal only"}</span>
                </td>
                <td>{entry.model ?? "–"}</td>
                <td>{entry.tags.join(", ")}</td>
                <td>{formatCount(entry.hits)}</td>
                <td>{formatBytes(entry.answerBytes)}</td>
                <td>{formatDateTime(entry.createdAt)}</td>
                <td>{formatDateTime(entry.expiresAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length === 0 && !loading.value && <p class="empty">No entry fits. Loosen the search, or look further.</p>}
      {next.value !== null && (
        <Button disabled={loading.value} onClick={() => void load(next.value ?? undefined, asked.signal)}>
          Look further
        </Button>
      )}
      {invalidating.value && (
        <InvalidateDialog
          onClose={() => (invalidating.value = false)}
          onDone={() => {
            invalidating.value = false;
            void search();
          }}
        />
      )}
    </section>
  );
}

const fields: readonly (readonly [name: keyof Conditions, label: string, hint: string])[] = [
  ["q", "Prompt", "Search prompts"],
  ["model", "Model", "Model"],
  ["tag", "Tag", "Tag, or a,b"],
  ["namespace", "Namespace", "Namespace"],
  ["tenant", "Tenant", "Tenant"],
  ["older_than", "Older than", "Older than, as 7d"],
];

const columns = ["Prompt", "Answers", "Model", "Tags", "Hits", "Size", "Created", "Expires"] as const;

function Filters() {
  return (
    <form
      class="filters"
      role="search"
      aria-label="Entries"
      onSubmit={(event) => event.preventDefault()}
      onInput={({ currentTarget }) => whenTypingRests(() => void search(readForm(currentTarget)))}
    >
      {fields.map(([name, label, hint]) => (
        <input
          key={name}
          name={name}
          type="search"
          aria-label={label}
          placeholder={hint}
          defaultValue={query.value[name] ?? ""}
        />
      ))}
    </form>
  );
}
