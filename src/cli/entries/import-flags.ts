import { SemcacheError } from "../../base/errors.ts";
import { parseDurationMs } from "../../base/units.ts";
import { isLabel, MAX_TAGS } from "../../cache/directives.ts";
import type { PutDefaults } from "../../transfer/import-item.ts";
import type { ImportFormat } from "./import-format.ts";

export interface ImportFlags {
  readonly format?: string | undefined;
  readonly requests?: string | undefined;
  readonly "credential-env"?: string | undefined;
  readonly "credential-header"?: string | undefined;
  readonly header?: readonly string[] | undefined;
  readonly namespace?: string | undefined;
  readonly ttl?: string | undefined;
  readonly tags?: string | undefined;
  readonly strict?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Of the entries format nothing can be chosen: keys, lives and tags are in the lines. */
const notOfEntries = ["credential-env", "credential-header", "header", "namespace", "ttl", "tags"] as const;

/**
 * The headers that the imported requests are taken to have had.
 *
 * @throws {SemcacheError} `usage`
 */
export function toImportHeaders(
  format: ImportFormat,
  flags: ImportFlags,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  if (format === "entries") {
    const given = notOfEntries.find((name) => flags[name] !== undefined);
    if (given !== undefined) {
      throw new SemcacheError(
        "usage",
        `Cannot run: --${given} is not for exported entries, whose lines have all of it`,
      );
    }
    return {};
  }
  const headers: Record<string, string> = toCredential(flags, env);
  for (const line of flags.header ?? []) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new SemcacheError("usage", `Cannot run: --header is not of the form "name: value"`);
    }
    headers[name.toLowerCase()] = value;
  }
  if (format === "anthropic-batch" && headers["anthropic-version"] === undefined) {
    // Libraries differ in it, and it is part of the key: a guess would make entries that nobody finds.
    throw new SemcacheError(
      "usage",
      'Cannot import: give the version that your client sends, such as --header "anthropic-version: 2023-06-01"',
    );
  }
  const { namespace, ttl, tags } = toPutDefaults(flags);
  if (format === "faq") return headers;
  return {
    ...headers,
    ...(namespace === undefined ? {} : { "x-semcache-namespace": namespace }),
    ...(ttl === undefined ? {} : { "x-semcache-ttl": String(Math.ceil(ttl)) }),
    ...(tags === undefined ? {} : { "x-semcache-tags": tags.join(",") }),
  };
}

/** @throws {SemcacheError} `usage` */
export function toPutDefaults({ namespace, ttl, tags }: ImportFlags): PutDefaults {
  if (namespace !== undefined && !isLabel(namespace)) throw badLabel("--namespace", namespace);
  const ttlMs = ttl === undefined ? null : parseDurationMs(ttl);
  if (ttl !== undefined && (ttlMs === null || ttlMs <= 0)) {
    throw new SemcacheError(
      "usage",
      `Cannot run: --ttl is ${JSON.stringify(ttl)}, expected a duration such as 12h or 7d`,
    );
  }
  const list = tags
    ?.split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  const wrong = list?.find((tag) => !isLabel(tag));
  if (wrong !== undefined) throw badLabel("--tags", wrong);
  if (list !== undefined && list.length > MAX_TAGS) {
    throw new SemcacheError("usage", `Cannot run: --tags has ${list.length} tags, at most ${MAX_TAGS} are allowed`);
  }
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(ttlMs === null ? {} : { ttl: ttlMs / 1000 }),
    ...(list === undefined ? {} : { tags: list }),
  };
}

function toCredential(flags: ImportFlags, env: NodeJS.ProcessEnv): Record<string, string> {
  const name = flags["credential-env"];
  const header = (flags["credential-header"] ?? "authorization").toLowerCase();
  if (name === undefined) {
    if (flags["credential-header"] === undefined) return {};
    throw new SemcacheError("usage", "Cannot run: --credential-header needs --credential-env");
  }
  const value = env[name]?.trim();
  if (value === undefined || value === "") {
    throw new SemcacheError("usage", `Cannot run: the variable ${name}, which --credential-env names, is not set`);
  }
  // A bare key, as libraries take it from such variables: they send it as a bearer token.
  return { [header]: header === "authorization" && !value.includes(" ") ? `Bearer ${value}` : value };
}

function badLabel(flag: string, value: string): SemcacheError {
  return new SemcacheError(
    "usage",
    `Cannot run: ${flag} has ${JSON.stringify(value)}, expected 1 to 128 letters, digits and . _ : / @ + = ~ -`,
  );
}
