import { signal } from "@preact/signals";
import { Button } from "./button.tsx";

export const tabs = [
  ["overview", "Overview"],
  ["decisions", "Decisions"],
  ["entries", "Entries"],
  ["playground", "Playground"],
] as const;
export type TabName = (typeof tabs)[number][0];

/** In the address, so that a tab can be linked to and the browser's back works. */
export const tab = signal<TabName>(readTab());

function readTab(): TabName {
  return tabs.find(([name]) => `#${name}` === location.hash)?.[0] ?? "overview";
}

export function followAddress(): void {
  addEventListener("hashchange", () => (tab.value = readTab()));
}

export function goTo(name: TabName): void {
  tab.value = name;
  location.hash = name;
}

/** Arrow keys move between tabs, as the ARIA practices for tabs have it. */
export function TabList() {
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex(([name]) => name === tab.value);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const [name] = tabs[(to + tabs.length) % tabs.length] ?? tabs[0];
    goTo(name);
    document.getElementById(`tab-${name}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Desk" onKeyDown={onKeyDown}>
      {tabs.map(([name, label]) => (
        <Button
          key={name}
          id={`tab-${name}`}
          role="tab"
          aria-selected={tab.value === name}
          aria-controls="panel"
          tabIndex={tab.value === name ? 0 : -1}
          onClick={() => goTo(name)}
        >
          {label}
        </Button>
      ))}
    </div>
  );
}
