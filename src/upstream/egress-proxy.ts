import { SemcacheError } from "../base/errors.ts";
import { withoutTrailingDots } from "./allowed-origin.ts";

/** `upstream.proxy`: none, the customary environment variables, or one proxy's URL. */
export type EgressProxySetting = null | "env" | string;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Which egress proxy a URL goes through; null: none. The environment is read once: https_proxy, http_proxy, all_proxy
 * and no_proxy, in lower or upper case, as curl reads them. Targets of both schemes are reached by CONNECT.
 *
 * @throws {SemcacheError} `config-invalid`
 */
export function createProxyChoice(setting: EgressProxySetting, environment: Environment): (url: URL) => URL | null {
  if (setting === null) return () => null;
  if (setting !== "env") {
    const proxy = parseProxy(setting, "upstream.proxy");
    return () => proxy;
  }
  const read = (name: string) => environment[name] || environment[name.toUpperCase()] || undefined;
  const parse = (name: string) => {
    const text = read(name);
    return text === undefined ? null : parseProxy(text, name);
  };
  const all = parse("all_proxy");
  const https = parse("https_proxy") ?? all;
  const http = parse("http_proxy") ?? all;
  const exceptions = parseExceptions(read("no_proxy") ?? "");
  return (url) => {
    if (exceptions.some((exception) => isException(url, exception))) return null;
    return url.protocol === "https:" ? https : http;
  };
}

interface ProxyException {
  /** Empty: every host (`*`). */
  readonly hostname: string;
  /** Empty: every port. */
  readonly port: string;
}

function parseExceptions(text: string): ProxyException[] {
  return text
    .split(/[,\s]+/)
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [, name = entry, port = ""] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
      return { hostname: name.replace(/^\*?\.?/, "").toLowerCase(), port };
    });
}

function isException(url: URL, { hostname, port }: ProxyException): boolean {
  if (port !== "" && port !== (url.port || (url.protocol === "https:" ? "443" : "80"))) return false;
  const name = withoutTrailingDots(url.hostname);
  return hostname === "" || name === hostname || name === `[${hostname}]` || name.endsWith(`.${hostname}`);
}

function parseProxy(text: string, source: string): URL {
  let url: URL;
  try {
    url = new URL(text.includes("://") ? text : `http://${text}`);
  } catch (error) {
    throw new SemcacheError("config-invalid", `Cannot read ${source}: it is not a URL`, { cause: error });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new SemcacheError(
      "config-invalid",
      `Cannot use ${source}: it is a ${url.protocol} URL, and egress proxies are http: or https:`,
    );
  }
  return url;
}
