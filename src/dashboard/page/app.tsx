import type { VNode } from "preact";
import { Button } from "./button.tsx";
import { Decisions } from "./decisions.tsx";
import { live, liveFault, startDesk, stats } from "./desk.ts";
import { Entries } from "./entries.tsx";
import { EntryDialogPlace } from "./entry-dialog.tsx";
import { forgetToken, hasToken, keepToken, lock } from "./api-client.ts";
import { Overview } from "./overview.tsx";
import { Playground } from "./playground.tsx";
import { tab, TabList, type TabName } from "./tabs.tsx";
import { chooseTheme, theme, type Theme } from "./theme.ts";
import { Toasts } from "./toasts.tsx";

const panels: Readonly<Record<TabName, () => VNode>> = {
  overview: Overview,
  decisions: Decisions,
  entries: Entries,
  playground: Playground,
};

export function App() {
  const Panel = panels[tab.value];
  const isLocked = lock.value !== "open";
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <div class="brand">
          <Mark />
          <h1>Semcache</h1>
          <span class="dim">{stats.value?.version}</span>
        </div>
        {!isLocked && <TabList />}
        <div class="status">
          <ServerState />
          <LiveState />
          <ThemeSwitch />
          {hasToken() && !isLocked && (
            <Button class="quiet" onClick={() => (forgetToken(), location.reload())}>
              Lock
            </Button>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {isLocked ? (
          <TokenForm />
        ) : (
          <>
            <Disconnected />
            <div id="panel" role="tabpanel" aria-labelledby={`tab-${tab.value}`}>
              <Panel />
            </div>
          </>
        )}
      </main>
      {!isLocked && <EntryDialogPlace />}
      <Toasts />
    </>
  );
}

/** The address says which tab is shown; the skip link must not change it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function TokenForm() {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get("token");
    keepToken(String(token).trim());
    startDesk();
  };
  return (
    <form class="card token" onSubmit={submit}>
      <h2>Locked</h2>
      <p>
        This desk needs the value of <code>server.admin_token</code>. It is kept in this tab only, until it is closed.
      </p>
      {lock.value === "wrong" && (
        <p role="alert" class="failed">
          The token was not the right one.
        </p>
      )}
      <label class="field">
        Token
        <input name="token" type="password" autoComplete="off" required autoFocus />
      </label>
      <div class="actions">
        <button type="submit" class="primary">
          Unlock
        </button>
      </div>
    </form>
  );
}

function ServerState() {
  const now = stats.value;
  if (!now) return null;
  const { state, parts } = now;
  const words = parts.length > 0 && state === "ready" ? "degraded" : state;
  return (
    <span class={`pill ${words}`} title={parts.map(({ name, detail }) => `${name}: ${detail}`).join("\n")}>
      {words}
    </span>
  );
}

function Disconnected() {
  if (live.value !== "disconnected") return null;
  return (
    <p class="notice failed">
      Not connected: {liveFault.value ?? "Semcache ended the connection."} What is shown may be out of date; trying
      again.
    </p>
  );
}

function LiveState() {
  return (
    <span class={`pill ${live.value}`} role="status" aria-live="polite" title={liveFault.value ?? ""}>
      <span class="dot" aria-hidden="true" />
      {live.value}
    </span>
  );
}

const themeWords: Readonly<Record<Theme, string>> = { system: "System", light: "Light", dark: "Dark" };

function ThemeSwitch() {
  return (
    <select
      aria-label="Theme"
      class="quiet"
      value={theme.value}
      onChange={({ currentTarget }) => chooseTheme(currentTarget.value as Theme)}
    >
      {Object.entries(themeWords).map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** Two prompts that share an answer. */
function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <circle cx="12" cy="16" r="10" class="mark-a" />
      <circle cx="20" cy="16" r="10" class="mark-b" />
    </svg>
  );
}
