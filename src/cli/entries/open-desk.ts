import { existsSync } from "node:fs";
import { isSemcacheError, SemcacheError } from "../../base/errors.ts";
import { withoutTrailing } from "../../base/trailing.ts";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import type { EntryDesk, OpenStore } from "./entry-desk.ts";
import { createServerDesk } from "./server-desk.ts";

export interface DeskFlags {
  readonly config?: string | undefined;
  readonly data?: string | undefined;
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/**
 * With `--url` that server. Else the folder of the configuration, if no server has it; else the server that has it, by
 * the address and the token of the same configuration.
 *
 * @throws {SemcacheError} `usage`, `config-invalid`, and what the store throws
 */
export async function openDesk(
  flags: DeskFlags,
  { openStore, makesFolder }: { readonly openStore: OpenStore; readonly makesFolder: boolean },
): Promise<EntryDesk> {
  const overrides = flags.data === undefined ? {} : { store: { path: flags.data } };
  const { config } = loadConfig({ file: flags.config ?? null, overrides });
  const token = flags.token ?? config.server.adminToken;
  if (flags.url !== undefined)
    return createServerDesk({ url: toUrl(flags.url), token, advice: "is it running there?" });
  const { kind, path } = config.store;
  // A misspelt folder is not an empty cache.
  if (kind !== "memory" && !makesFolder && !existsSync(path)) {
    throw new SemcacheError(
      "store-failed",
      `Cannot open ${path}: there is no such folder; name it with --data, or a running server with --url`,
    );
  }
  const opened = await open(makesFolder ? config : withoutLimits(config), openStore);
  // With it comes most of the server.
  if (opened !== "in-use") return (await import("./store-desk.ts")).createStoreDesk(config, opened);
  const advice =
    kind === "memory"
      ? "the entries are in the memory of a server: start it, or name it with --url"
      : `${path} is open in another process: name its address with --url`;
  return createServerDesk({ url: configuredUrl(config), token, advice });
}

async function open(config: Config, openStore: OpenStore): ReturnType<OpenStore> {
  try {
    return await openStore(config);
  } catch (error) {
    if (isSemcacheError(error, "store-locked")) return "in-use";
    throw error;
  }
}

/** Who only looks evicts nothing: the limits here may be other than those of the server that filled the folder. */
function withoutLimits(config: Config): Config {
  const cache = { ...config.cache, maxEntries: null, maxBytes: null, keepExpiredMs: Number.POSITIVE_INFINITY };
  return { ...config, cache };
}

export function toUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:\/\//i.test(text) || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw new SemcacheError(
      "usage",
      `Cannot run: --url is ${JSON.stringify(text)}, expected an address such as http://localhost:8080`,
    );
  }
  return withoutTrailing(url.href, "/");
}

export function configuredUrl({ server: { host, port } }: Config): string {
  if (port === 0) throw new SemcacheError("usage", "Cannot find the server: server.port is 0; name it with --url");
  // What listens on every address is reached on this machine.
  const name = host === "0.0.0.0" || host === "::" || host === "localhost" ? "127.0.0.1" : host;
  return `http://${name.includes(":") && !name.startsWith("[") ? `[${name}]` : name}:${port}`;
}
