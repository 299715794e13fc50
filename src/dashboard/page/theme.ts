import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const KEY = "semcache-theme";
const order: readonly Theme[] = ["system", "light", "dark"];
const systemDark = matchMedia("(prefers-color-scheme: dark)");

export const theme = signal<Theme>(readTheme());
/** What is shown now, whoever chose it: charts are drawn anew for it. */
export const shownTheme = signal<"light" | "dark">("light");

function readTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return order.find((each) => each === kept) ?? "system";
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(KEY, chosen);
}

export function followTheme(): void {
  const show = () => {
    const chosen = theme.value === "system" ? (systemDark.matches ? "dark" : "light") : theme.value;
    // The attribute first: who draws anew reads its colours from the page.
    document.documentElement.dataset["theme"] = chosen;
    shownTheme.value = chosen;
  };
  effect(show);
  systemDark.addEventListener("change", show);
}

/** The colour that a custom property of the page means now, as the browser computes it. */
export function readColour(property: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
