import { useState } from "preact/hooks";
import type { Invalidated, InvalidateCommand } from "../desk-api.ts";
import { Button } from "./button.tsx";
import { describeFault, invalidate } from "./api-client.ts";
import { Dialog } from "./dialog.tsx";
import { formatBytes, plural } from "./format.ts";
import { say } from "./toasts.tsx";

interface Chosen {
  readonly tags: string;
  readonly namespace: string;
  readonly model: string;
  readonly tenant: string;
  readonly older_than: string;
}

const nothing: Chosen = { tags: "", namespace: "", model: "", tenant: "", older_than: "" };
const fields: readonly (readonly [keyof Chosen, string, string])[] = [
  ["tags", "Tags (any of)", "faq, v2"],
  ["namespace", "Namespace", "staging"],
  ["model", "Model", "gpt-4o-mini"],
  ["tenant", "Tenant", "as an entry shows it"],
  ["older_than", "Older than", "30m, 12h, 7d"],
];

/** Removes entries by what they have in common: counted first, and only what was counted can be removed. */
export function InvalidateDialog({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const [chosen, setChosen] = useState(nothing);
  const [all, setAll] = useState(false);
  const [counted, setCounted] = useState<Invalidated | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const command = toCommand(chosen, all);
  const change = (act: () => void) => {
    setCounted(null);
    setFault(null);
    act();
  };
  const run = async (dryRun: boolean) => {
    setBusy(true);
    setFault(null);
    try {
      const done = await invalidate({ ...command, dry_run: dryRun });
      if (dryRun) setCounted(done);
      else {
        say(`Removed ${plural(done.entries, "entry", "entries")} (${formatBytes(done.bytes)}).`);
        onDone();
      }
    } catch (error) {
      setFault(describeFault(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title="Invalidate entries" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (command) void run(true);
        }}
      >
        <p class="dim">All conditions that are given must hold. Nothing is removed before it is counted.</p>
        {fields.map(([name, label, hint]) => (
          <label key={name} class="field">
            {label}
            <input
              value={chosen[name]}
              placeholder={hint}
              disabled={all}
              onInput={({ currentTarget: { value } }) => change(() => setChosen({ ...chosen, [name]: value }))}
            />
          </label>
        ))}
        <label class="check">
          <input
            type="checkbox"
            checked={all}
            onChange={({ currentTarget: { checked } }) => change(() => setAll(checked))}
          />
          Everything, of all tenants
        </label>
        <p aria-live="polite" class={fault ? "failed" : ""}>
          {fault ??
            (counted
              ? counted.entries === 0
                ? "No entry fits: nothing would be removed."
                : `This would remove ${plural(counted.entries, "entry", "entries")} (${formatBytes(counted.bytes)}).`
              : "")}
        </p>
        <div class="actions">
          <button type="submit" disabled={busy || command === null}>
            Count
          </button>
          <Button
            class="danger"
            disabled={busy || counted === null || counted.entries === 0}
            onClick={() => void run(false)}
          >
            {counted && counted.entries > 0 ? `Remove ${plural(counted.entries, "entry", "entries")}` : "Remove"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Null: nothing is chosen. */
function toCommand(chosen: Chosen, all: boolean): InvalidateCommand | null {
  if (all) return { all: true };
  const { tags, ...rest } = chosen;
  const tagList = tags
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  const given = Object.entries(rest).flatMap(([name, value]) => (value.trim() === "" ? [] : [[name, value.trim()]]));
  if (tagList.length === 0 && given.length === 0) return null;
  return { ...(tagList.length > 0 && { tags: tagList }), ...Object.fromEntries(given) };
}
