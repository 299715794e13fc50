import { SemcacheError } from "../base/errors.ts";
import type { ProxyRoute } from "../upstream/upstream-target.ts";
import type { OperatorRoute } from "./operator-route.ts";

export type Routed =
  | { readonly kind: "own"; readonly route: OperatorRoute }
  /** To a provider: `other` is relayed untouched. */
  | { readonly kind: "proxy"; readonly route: ProxyRoute };

/** Built-in routes that are read and cached; with another method the path is the provider's own (listing, deleting). */
const proxyRoutes: Readonly<Record<string, ProxyRoute>> = {
  "/v1/chat/completions": "openai-chat-completions",
  "/chat/completions": "openai-chat-completions",
  "/v1/messages": "anthropic-messages",
  "/semcache/v1/chat/completions": "generic",
};

/** Never relayed: ours, or what browsers and crawlers ask of any host. */
const neverRelayed = /^\/(?:semcache(?:\/|$)|admin|\.well-known(?:\/|$)|favicon\.ico$|robots\.txt$)/;

export interface Router {
  /**
   * @param path without query
   * @throws {SemcacheError} `not-found`, `method-not-allowed`
   */
  route(method: string, path: string): Routed;
}

export function createRouter(ownRoutes: readonly OperatorRoute[]): Router {
  const exact = new Map<string, OperatorRoute[]>();
  const patterns: { readonly pattern: RegExp; readonly route: OperatorRoute }[] = [];
  for (const route of ownRoutes) {
    if (route.path.includes("{id}")) {
      patterns.push({ pattern: new RegExp(`^${route.path.replace("{id}", "[^/]+")}$`), route });
    } else {
      exact.set(route.path, [...(exact.get(route.path) ?? []), route]);
    }
  }
  return {
    route(method, path) {
      const proxied = proxyRoutes[path];
      if (proxied !== undefined && method === "POST") return { kind: "proxy", route: proxied };
      if (proxied === "generic") throw methodNotAllowed(method, path, ["POST"]);
      const candidates =
        exact.get(path) ?? patterns.filter(({ pattern }) => pattern.test(path)).map(({ route }) => route);
      const wanted = method === "HEAD" ? "GET" : method;
      const found = candidates.find((route) => route.method === wanted);
      if (found) return { kind: "own", route: found };
      if (candidates.length > 0)
        throw methodNotAllowed(
          method,
          path,
          candidates.map((route) => route.method),
        );
      if (neverRelayed.test(path))
        throw new SemcacheError("not-found", `Cannot find ${path}: Semcache has no such route`);
      return { kind: "proxy", route: "other" };
    },
  };
}

/** The methods that a 405 offers, from its message's end: RFC 9110 wants them in `allow`. */
export class MethodNotAllowedError extends SemcacheError {
  readonly allow: readonly string[];

  constructor(message: string, allow: readonly string[]) {
    super("method-not-allowed", message);
    this.allow = allow;
  }
}

function methodNotAllowed(method: string, path: string, allow: readonly string[]): MethodNotAllowedError {
  return new MethodNotAllowedError(`Cannot ${method} ${path}: allowed is ${allow.join(", ")}`, allow);
}
