/** The request directives of `cache-control` that the cache knows. */
export interface CacheControl {
  readonly noStore: boolean;
  readonly noCache: boolean;
  /** The smallest that was given, in seconds. */
  readonly maxAgeSeconds: number | null;
  readonly onlyIfCached: boolean;
}

/** RFC 9111 1.2.2: larger numbers mean this. */
const MAX_DELTA_SECONDS = 2 ** 31;

/** A name, and a token or a quoted string as its argument; a comma inside quotes does not end it (RFC 9110, 5.6.4). */
const directive = /([^\s,;="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,"]*)))?|"(?:[^"\\]|\\.)*"?/g;

/**
 * Request directives of RFC 9111 5.2.1, leniently: in any case, on any number of lines, with quoted arguments, unknown
 * ones left out. What the cache cannot read it takes as the stricter wish: a `max-age` without a number is 0.
 */
export function parseCacheControl(lines: readonly string[]): CacheControl {
  let noStore = false;
  let noCache = false;
  let onlyIfCached = false;
  let maxAgeSeconds: number | null = null;
  // Line by line: an open quote must not swallow the next line.
  for (const line of lines) {
    for (const [, name, quoted, token] of line.matchAll(directive)) {
      switch (name?.toLowerCase()) {
        case "no-store":
          noStore = true;
          break;
        case "no-cache":
          noCache = true;
          break;
        case "only-if-cached":
          onlyIfCached = true;
          break;
        case "max-age":
          maxAgeSeconds = Math.min(maxAgeSeconds ?? MAX_DELTA_SECONDS, toSeconds(quoted ?? token ?? ""));
          break;
        default:
      }
    }
  }
  return { noStore, noCache, maxAgeSeconds, onlyIfCached };
}

function toSeconds(argument: string): number {
  return /^\d+$/.test(argument) ? Math.min(Number(argument), MAX_DELTA_SECONDS) : 0;
}
