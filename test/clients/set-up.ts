import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";
import type { Client, Connection, Library } from "./library.ts";
import { watchFetch, type CacheHeaders } from "./watched-fetch.ts";

export interface SetUp {
  readonly provider: ImitationProvider;
  readonly semcache: RunningSemcache;
}

/** One provider and one Semcache for all tests of a file. */
export function useSemcache(): () => SetUp {
  let setUp: SetUp | undefined;
  beforeAll(async () => {
    const provider = await startImitationProvider();
    setUp = { provider, semcache: await startSemcache(provider.url) };
  });
  afterAll(async () => {
    await setUp?.semcache.close();
    await setUp?.provider.close();
  });
  return () => {
    if (!setUp) throw new Error("Cannot use Semcache: beforeAll has not run");
    return setUp;
  };
}

/** A client in a namespace of its own, so that no test is answered from another one's entries. */
export function connectClient(
  library: Library,
  { provider, semcache }: SetUp,
): { client: Client; seen: CacheHeaders[] } {
  const { connection, seen } = connect(semcache.url, provider.url);
  return { client: library.connect(connection), seen };
}

/** The same client, straight to the provider. */
export function connectDirectly(library: Library, { provider }: SetUp): Client {
  return library.connect(connect(provider.url, provider.url).connection);
}

export function connect(url: string, providerUrl: string): { connection: Connection; seen: CacheHeaders[] } {
  const headers = { "x-semcache-namespace": randomUUID() };
  const { fetch, seen } = watchFetch(headers);
  return { connection: { url, fetch, headers, providerUrl }, seen };
}

/** A JSON value with everything replaced that the imitation provider makes afresh for each call. */
export function withoutFresh(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll(/"(obfuscation|cf-ray|set-cookie|date)":"[^"]*"/gu, '"$1":"fresh"')
    .replaceAll(/(?:chatcmpl-|call_(?:00_)?|msg_01|toolu_01|EqQB|custom-|req_(?:011)?)?\d+x\d+x\w*/gu, "fresh")
    .replaceAll(/\b17600\d{5}(?:000)?\b|2025-10-09T\d\d:\d\d:\d\d\.000Z/gu, "0");
  return JSON.parse(text);
}
