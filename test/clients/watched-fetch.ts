/** What Semcache said about each answer, in the order of the requests. */
export interface CacheHeaders {
  readonly status: number;
  readonly cacheStatus: string | null;
  readonly match: string | null;
  readonly reason: string | null;
}

export interface WatchedFetch {
  readonly fetch: typeof globalThis.fetch;
  readonly seen: CacheHeaders[];
}

/** A fetch for client libraries: adds `headers` to every request and notes the cache headers of every answer. */
export function watchFetch(headers: Readonly<Record<string, string>>): WatchedFetch {
  const seen: CacheHeaders[] = [];
  return {
    seen,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
      const response = await globalThis.fetch(request);
      const header = (name: string): string | null => response.headers.get(name);
      seen.push({
        status: response.status,
        cacheStatus: header("x-cache-status"),
        match: header("x-semcache-match"),
        reason: header("x-semcache-reason"),
      });
      return response;
    },
  };
}
