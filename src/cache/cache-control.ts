/** The request directives of `cache-control` that the cache knows. */
export interface CacheControl {
  readonly noStore: boolean;
  readonly noCache: boolean;
  /** The smallest that was given, in seconds. */
  readonly maxAgeSeconds: number | null;
  readonly onlyIfCached: boolean;
  /** RFC 9111, 5.2.1.2. In seconds, as the two below: the smallest that was given; infinite: given without a number. */
  readonly maxStaleSeconds: number | null;
  /** RFC 5861, 4. */
  readonly staleIfErrorSeconds: number | null;
  /** RFC 5861, 3, which knows it of answers only; here a caller may wish it too. */
  readonly staleWhileRevalidateSeconds: number | null;
}

/** RFC 9111 1.2.2: larger numbers mean this. */
const MAX_DELTA_SECONDS = 2 ** 31;

/** A name, and a token or a quoted string as its argument; a comma inside quotes does not end it (RFC 9110, 5.6.4). */
const directive = /([^\s,;="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,"]*)))?|"(?:[^"\\]|\\.)*"?/g;

/**
 * Request directives of RFC 9111 5.2.1 and RFC 5861, leniently: in any case, on any number of lines, with quoted arguments, unknown
 * ones left out. What the cache cannot read it takes as the stricter wish: a `max-age` without a number is 0, and so is a
 * `stale-if-error=soon`.
 */
export function parseCacheControl(lines: readonly string[]): CacheControl {
  let noStore = false;
  let noCache = false;
  let onlyIfCached = false;
  let maxAgeSeconds: number | null = null;
  let maxStaleSeconds: number | null = null;
  let staleIfErrorSeconds: number | null = null;
  let staleWhileRevalidateSeconds: number | null = null;
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
          maxAgeSeconds = smaller(maxAgeSeconds, toSeconds(quoted ?? token ?? ""));
          break;
        case "max-stale":
          maxStaleSeconds = smaller(maxStaleSeconds, toWindow(quoted ?? token));
          break;
        case "stale-if-error":
          staleIfErrorSeconds = smaller(staleIfErrorSeconds, toWindow(quoted ?? token));
          break;
        case "stale-while-revalidate":
          staleWhileRevalidateSeconds = smaller(staleWhileRevalidateSeconds, toWindow(quoted ?? token));
          break;
        default:
      }
    }
  }
  return {
    noStore,
    noCache,
    maxAgeSeconds,
    onlyIfCached,
    maxStaleSeconds,
    staleIfErrorSeconds,
    staleWhileRevalidateSeconds,
  };
}

function smaller(known: number | null, given: number): number {
  return known === null ? given : Math.min(known, given);
}

/** Without an argument there is no limit. */
function toWindow(argument: string | undefined): number {
  return argument === undefined ? Number.POSITIVE_INFINITY : toSeconds(argument);
}

function toSeconds(argument: string): number {
  return /^\d+$/.test(argument) ? Math.min(Number(argument), MAX_DELTA_SECONDS) : 0;
}
