import { signal } from "@preact/signals";
import type {
  DecisionPage,
  DecisionQuery,
  DeskEntryDetail,
  DeskError,
  DeskHistory,
  DeskSavings,
  DeskShadow,
  EntryDeleted,
  EntryPage,
  EntryQuery,
  FeedbackTaken,
  HistoryRange,
  InvalidateCommand,
  Invalidated,
  PromptsCommand,
  PromptsState,
} from "../desk-api.ts";
import type { Judgement } from "../../model/verdict.ts";

const TOKEN_KEY = "semcache-admin-token";
const ADMIN = "semcache/v1/admin/";

/** Whether the server asks for a token that this tab does not have: `wrong`, the one it had was refused. */
export const lock = signal<"open" | "asked" | "wrong">("open");

/** A request that did not work, in words for people. */
export class DeskFault extends Error {
  /** 0: no answer. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export function describeFault(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For this tab, until it is closed. */
export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
  lock.value = "open";
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
  lock.value = "asked";
}

export function hasToken(): boolean {
  return sessionStorage.getItem(TOKEN_KEY) !== null;
}

/**
 * Relative to the page, so that it works under a path of its own behind a proxy.
 *
 * @throws {DeskFault}
 */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const headers = new Headers(init.headers);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, cache: "no-store" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new DeskFault("Semcache does not answer. Is it running?", 0);
  }
  if (response.ok) return response;
  if (response.status === 401) lock.value = token === null ? "asked" : "wrong";
  throw new DeskFault(await describe(response), response.status);
}

async function describe(response: Response): Promise<string> {
  const body = (await response.json().catch(() => null)) as DeskError | null;
  return body?.error?.message ?? `Semcache answered ${response.status} ${response.statusText}`.trim();
}

/** What is empty or undefined is not asked for. */
type Asked<Query> = { readonly [Name in keyof Query]?: Query[Name] | "" | undefined };

async function read<T>(path: string, query: object = {}, signal?: AbortSignal): Promise<T> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const search = parameters.size === 0 ? "" : `?${parameters}`;
  const response = await call(`${ADMIN}${path}${search}`, signal ? { signal } : {});
  return (await response.json()) as T;
}

async function send<T>(path: string, body: object): Promise<T> {
  const response = await call(`${ADMIN}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

export const readHistory = (range: HistoryRange) => read<DeskHistory>("history", { range });

export const readShadow = () => read<DeskShadow>("shadow");

export const readSavings = (days: number) => read<DeskSavings>("savings", { days });

export const readDecisions = (query: Asked<DecisionQuery>, signal?: AbortSignal) =>
  read<DecisionPage>("decisions", query, signal);

export const readEntries = (query: Asked<EntryQuery>, signal?: AbortSignal) =>
  read<EntryPage>("entries", query, signal);

export const readEntry = (id: string) => read<DeskEntryDetail>(`entries/${encodeURIComponent(id)}`);

export async function deleteEntry(id: string): Promise<EntryDeleted> {
  const response = await call(`${ADMIN}entries/${encodeURIComponent(id)}`, { method: "DELETE" });
  return (await response.json()) as EntryDeleted;
}

export const invalidate = (command: InvalidateCommand) => send<Invalidated>("invalidate", command);

export const commandPrompts = (command: PromptsCommand) => send<PromptsState>("prompts", command);

export const sendFeedback = (
  about: { readonly request: string } | { readonly entry: string },
  verdict: "right" | "wrong",
) => send<FeedbackTaken>("feedback", { ...about, verdict });

export type PlaygroundJudgement = Judgement & { readonly maxErrorRate: number };

export const judge = (pair: { readonly a: string; readonly b: string; readonly partition?: string }) =>
  send<PlaygroundJudgement>("similarity", pair);

export const openEvents = (signal: AbortSignal) =>
  call(`${ADMIN}events`, { signal, headers: { accept: "text/event-stream" } });
