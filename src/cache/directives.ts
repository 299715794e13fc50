import { SemcacheError } from "../base/errors.ts";
import type { RequestHeaderName } from "../model/headers.ts";
import { parseCacheControl } from "./cache-control.ts";
import { headerValues } from "./raw-headers.ts";

/** What the caller asks of the cache. */
export interface RequestDirectives {
  readonly noStore: boolean;
  /** Skip the read, replace the entry: `no-cache`, `max-age=0`, `x-semcache-mode: refresh`. */
  readonly refresh: boolean;
  /** Only entries younger than this, in milliseconds. */
  readonly maxAgeMs: number | null;
  readonly onlyIfCached: boolean;
  /** What has expired may answer for so many milliseconds; null: the caller says nothing; infinite: names no limit. */
  readonly stale: {
    readonly ifErrorMs: number | null;
    readonly whileRevalidateMs: number | null;
    readonly onRequestMs: number | null;
  };
  readonly mode: DirectiveMode | null;
  /** Milliseconds; 0: do not store. */
  readonly ttlMs: number | null;
  readonly namespace: string | null;
  readonly tags: readonly string[];
  /** Expected share of wrong answers among semantic hits served, 0 to 1. */
  readonly maxErrorRate: number | null;
}

const modes = ["semantic", "exact", "refresh", "off"] as const;
export type DirectiveMode = (typeof modes)[number];

/** The most tags that an entry may have. */
export const MAX_TAGS = 32;
const LABEL = /^[A-Za-z0-9._:/@+=~-]{1,128}$/;
const LABEL_RULE = "1 to 128 letters, digits and . _ : / @ + = ~ -";

/** Namespaces and tags have one rule; both are kept with each entry and shown to people. */
export function isLabel(text: string): boolean {
  return LABEL.test(text);
}

/**
 * `cache-control` is read leniently, as RFC 9111 wants it; our own headers strictly: a misspelt wish that is ignored
 * would be a wrong answer later.
 *
 * @param rawHeaders names and values in turn, as in node's `rawHeaders`
 * @throws {SemcacheError} `directive-invalid`
 */
export function parseDirectives(rawHeaders: readonly string[]): RequestDirectives {
  const control = parseCacheControl(headerValues(rawHeaders, "cache-control"));
  const mode = parseMode(single(rawHeaders, "x-semcache-mode", `one of ${modes.join(", ")}`));
  return {
    noStore: control.noStore,
    refresh: control.noCache || control.maxAgeSeconds === 0 || mode === "refresh",
    maxAgeMs: toMs(control.maxAgeSeconds),
    onlyIfCached: control.onlyIfCached,
    stale: {
      ifErrorMs: toMs(control.staleIfErrorSeconds),
      whileRevalidateMs: toMs(control.staleWhileRevalidateSeconds),
      onRequestMs: toMs(control.maxStaleSeconds),
    },
    mode,
    ttlMs: parseTtl(single(rawHeaders, "x-semcache-ttl", TTL_RULE)),
    namespace: parseNamespace(single(rawHeaders, "x-semcache-namespace", LABEL_RULE)),
    tags: parseTags(headerValues(rawHeaders, "x-semcache-tags")),
    maxErrorRate: parseRate(single(rawHeaders, "x-semcache-max-error", RATE_RULE)),
  };
}

function toMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}

const TTL_RULE = "a whole number of seconds, 0 to 9999999999";
const RATE_RULE = "a number from 0 to 1";

function parseMode(value: string | null): DirectiveMode | null {
  if (value === null) return null;
  const mode = modes.find((known) => known === value);
  if (mode === undefined) throw invalid("x-semcache-mode", value, `one of ${modes.join(", ")}`);
  return mode;
}

function parseTtl(value: string | null): number | null {
  if (value === null) return null;
  if (!/^\d{1,10}$/.test(value)) throw invalid("x-semcache-ttl", value, TTL_RULE);
  return Number(value) * 1000;
}

function parseNamespace(value: string | null): string | null {
  if (value !== null && !isLabel(value)) throw invalid("x-semcache-namespace", value, LABEL_RULE);
  return value;
}

/** Several lines are one list; empty elements are not counted (RFC 9110, 5.6.1). */
function parseTags(values: readonly string[]): readonly string[] {
  if (values.length === 0) return [];
  const tags = new Set<string>();
  for (const tag of values.join(",").split(",")) {
    const trimmed = tag.trim();
    if (trimmed === "") continue;
    if (!isLabel(trimmed)) throw invalid("x-semcache-tags", trimmed, `tags of ${LABEL_RULE}, with commas between them`);
    tags.add(trimmed);
    if (tags.size > MAX_TAGS) throw invalid("x-semcache-tags", values.join(","), `at most ${MAX_TAGS} tags`);
  }
  return [...tags];
}

function parseRate(value: string | null): number | null {
  if (value === null) return null;
  const rate = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e-?\d{1,3})?$/i.test(value) ? Number(value) : Number.NaN;
  if (!(rate >= 0 && rate <= 1)) throw invalid("x-semcache-max-error", value, RATE_RULE);
  return rate;
}

function single(rawHeaders: readonly string[], name: RequestHeaderName, allowed: string): string | null {
  const values = headerValues(rawHeaders, name);
  if (values.length > 1) throw invalid(name, values.join(", "), `one line with ${allowed}`);
  return values[0]?.trim() ?? null;
}

/** Longer values are cut in the message, which goes back to the caller and into the log. */
const SHOWN_CHARACTERS = 80;

function invalid(name: RequestHeaderName, value: string, allowed: string): SemcacheError {
  const shown = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}...` : value;
  return new SemcacheError("directive-invalid", `Cannot use ${name}: ${JSON.stringify(shown)} is not ${allowed}`);
}
