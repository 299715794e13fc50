import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { DeskEntryDetail } from "../desk-api.ts";
import { Button } from "./button.tsx";
import { deleteEntry, DeskFault, readEntry } from "./api-client.ts";
import { Dialog } from "./dialog.tsx";
import { Facts, type Fact } from "./facts.tsx";
import { formatBytes, formatCount, formatDateTime, formatMs } from "./format.ts";
import { say, sayFault } from "./toasts.tsx";

const open = signal<string | null>(null);
/** The entry that was deleted last: lists leave it out. */
export const deletedEntry = signal<string | null>(null);

export function openEntry(id: string): void {
  open.value = id;
}

/** One for the whole page: entries are opened from decisions and from the list. */
export function EntryDialogPlace() {
  return open.value === null ? null : (
    <EntryDialog key={open.value} id={open.value} onClose={() => (open.value = null)} />
  );
}

function EntryDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const [entry, setEntry] = useState<DeskEntryDetail | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [sure, setSure] = useState(false);
  useEffect(() => {
    readEntry(id).then(setEntry, (error: unknown) => {
      const gone = error instanceof DeskFault && error.status === 404;
      setFault(gone ? "This entry is no longer in the cache: it expired, was removed or replaced." : String(error));
    });
  }, [id]);
  const remove = async () => {
    try {
      const { bytes } = await deleteEntry(id);
      deletedEntry.value = id;
      say(`The entry is deleted (${formatBytes(bytes)}). The next such request goes to the provider.`);
      onClose();
    } catch (error) {
      sayFault("The entry was not deleted", error);
    }
  };
  return (
    <Dialog wide title="Entry" onClose={onClose}>
      {fault && <p role="alert">{fault}</p>}
      {!entry && !fault && <p class="dim">Loading…</p>}
      {entry && (
        <>
          <h3>Prompt</h3>
          <p class="prompt-text" dir="auto">
            {entry.prompt || <span class="dim">No text: this request matches exactly only.</span>}
          </p>
          <h3>Answer</h3>
          {entry.answer.said === null ? (
            <p class="dim">What was said cannot be told from its form; the recording is below.</p>
          ) : (
            <p class="prompt-text" dir="auto">
              {entry.answer.said}
            </p>
          )}
          <details>
            <summary>As recorded</summary>
            <pre tabIndex={0}>{entry.answer.text ?? entry.answer.base64}</pre>
          </details>
          <h3>Facts</h3>
          <Facts facts={toFacts(entry)} />
          <div class="actions">
            {sure ? (
              <>
                <Button class="danger" onClick={() => void remove()}>
                  Delete it for good
                </Button>
                <Button onClick={() => setSure(false)}>Keep it</Button>
              </>
            ) : (
              <Button class="danger" onClick={() => setSure(true)}>
                Delete this entry
              </Button>
            )}
          </div>
        </>
      )}
    </Dialog>
  );
}

function toFacts(entry: DeskEntryDetail): readonly Fact[] {
  const { usage, vector, answer } = entry;
  return [
    ["Entry", <code>{entry.id}</code>],
    ["Answers", entry.match === "semantic" ? "equal prompts, and others of the same meaning" : "equal prompts only"],
    ["Hits", formatCount(entry.hits)],
    ["Model", entry.model],
    ["Provider", entry.upstream],
    ["Dialect", entry.dialect],
    ["Namespace", entry.namespace],
    ["Tags", entry.tags.join(", ")],
    ["Tenant", <code>{entry.tenant}</code>],
    ["Partition", <code>{entry.partition}</code>],
    ["Created", formatDateTime(entry.createdAt)],
    ["Expires", formatDateTime(entry.expiresAt)],
    ["Last used", formatDateTime(entry.lastUsedAt)],
    ["Tokens", usage && `${formatCount(usage.inputTokens)} in, ${formatCount(usage.outputTokens)} out`],
    ["Provider took", formatMs(entry.providerMs)],
    ["Finish reason", entry.finishReason],
    ["Recorded as", `${answer.shape}, ${answer.contentType}, ${formatBytes(answer.bytes)}`],
    ["Vector", vector && `${vector.embedder}, ${vector.dimensions} dimensions`],
  ];
}
