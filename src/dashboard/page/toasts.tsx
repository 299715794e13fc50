import { signal } from "@preact/signals";
import { Button } from "./button.tsx";
import { describeFault } from "./api-client.ts";

interface Toast {
  readonly id: number;
  readonly kind: "done" | "failed";
  readonly text: string;
}

const SHOWN_MS = 8_000;
const toasts = signal<readonly Toast[]>([]);
let count = 0;

/** Says what was done, or why it was not, to eyes and to screen readers. */
export function say(text: string, kind: Toast["kind"] = "done"): void {
  const id = ++count;
  toasts.value = [...toasts.value.slice(-3), { id, kind, text }];
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function sayFault(action: string, error: unknown): void {
  say(`${action}: ${describeFault(error)}`, "failed");
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, kind, text }) => (
        <p key={id} class={`toast ${kind}`}>
          <span>{text}</span>
          <Button class="quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </Button>
        </p>
      ))}
    </div>
  );
}
