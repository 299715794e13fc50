import type { ParseArgsConfig } from "node:util";
import { SemcacheError } from "../base/errors.ts";

export const usage = `semcache: answers LLM requests from a cache when they mean the same and may be answered the same

  semcache [serve] [--config FILE] [--host H] [--port N] [--data DIR | --in-memory] [--log-level L]
      serve the proxy (http://localhost:8080 by default)
  semcache demo [--port N] [--once]
      a proxy with a built-in imitation provider, real prompts, and the dashboard: no key, no network
  semcache similarity A B [--partition KEY] [--json]
      would prompt B be served A's answer, everything else being equal
  semcache entries list [SELECTORS] [--limit N] [--json]
  semcache entries show ID [--json]
  semcache entries delete ID...
  semcache entries flush SELECTORS|--all [--dry-run] [--yes]
  semcache entries export [FILE] [SELECTORS] [--vectors]
  semcache entries import FILE [--format auto|entries|faq|openai-batch|anthropic-batch] [--requests FILE]
                    [--credential-env NAME] [--header "NAME: VALUE"] [--namespace N] [--ttl T] [--tags A,B] [--strict] [--json]
      what is in the cache, of a running server (--url URL, --token T, or as configured) or of a folder at rest (--data DIR);
      SELECTORS: --tag T --namespace N --model M --tenant T --older-than D; FILE may be - for standard input or output
  semcache feedback export [FILE] [--format jsonl|csv] [--verdict right|wrong] [--by person|audit] [--since TIME]
                    [--namespace N] [--model M] [--tenant T] [--url URL --token T | --data DIR]
      the pairs of prompts that people and audits gave a verdict on, with label 1 (may share an answer) or 0
  semcache tune FILE [--max-wrong RATE] [--html FILE] [--json] [--limit N] [--sample SHARE] [--pairs N] [--prompt NAME] [--label NAME]
                    [--price-input USD --price-output USD]
      replay a log (request bodies, requests with answers, batches, exports, CSV): hits and expected wrong hits at every setting
  semcache prices [MODEL] [--config FILE] [--json]
      list prices of models, with their sources and dates, and those of the configuration
  semcache config check|print [--config FILE]
      check the configuration, or print what is in effect
  semcache --help | --version
`;

/** Flags of every command that reads the configuration. */
export const configFlags = {
  config: { type: "string" },
  host: { type: "string" },
  port: { type: "string" },
  data: { type: "string" },
  "in-memory": { type: "boolean" },
  "log-level": { type: "string" },
} as const satisfies ParseArgsConfig["options"];

export interface ConfigFlags {
  readonly config?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly data?: string | undefined;
  readonly "in-memory"?: boolean | undefined;
  readonly "log-level"?: string | undefined;
}

/**
 * Runs `parse` (node's parseArgs) and counts the words.
 *
 * @throws {SemcacheError} `usage` with what is wrong and where help is
 */
export function parseCommand<T extends { readonly positionals: readonly string[] }>(
  parse: () => T,
  words: { readonly count: number; readonly least?: number; readonly name: string },
): T {
  let parsed: T;
  try {
    parsed = parse();
  } catch (error) {
    throw new SemcacheError("usage", `${(error as Error).message}. Try semcache --help`);
  }
  const { positionals } = parsed;
  if (positionals.length > words.count || positionals.length < (words.least ?? words.count)) {
    const got = positionals.length === 0 ? "nothing" : positionals.join(" ");
    throw new SemcacheError("usage", `Cannot run: expected ${words.name}, got ${got}. Try semcache --help`);
  }
  return parsed;
}

/** Settings from flags in the shape of the file; they win over everything else. @throws {SemcacheError} `usage` */
export function toOverrides(flags: ConfigFlags): { [section: string]: { [key: string]: unknown } } {
  const { host, port, data } = flags;
  if (data !== undefined && flags["in-memory"]) {
    throw new SemcacheError("usage", "Cannot run: --data and --in-memory exclude each other");
  }
  if (port !== undefined && !/^\d{1,5}$/.test(port)) {
    throw new SemcacheError("usage", `Cannot run: --port is "${port}", allowed is a whole number from 0 to 65535`);
  }
  const server = { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port: Number(port) }) };
  const store = {
    ...(data === undefined ? {} : { path: data }),
    ...(flags["in-memory"] ? { kind: "memory", path: null } : {}),
  };
  const telemetry = flags["log-level"] === undefined ? {} : { log_level: flags["log-level"] };
  return { server, store, telemetry };
}
