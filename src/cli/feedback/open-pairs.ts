import { existsSync } from "node:fs";
import { SemcacheError } from "../../base/errors.ts";
import { loadConfig } from "../../config/load.ts";
import { isWanted, type PairFilter } from "../../matching/audit/labelled-pair.ts";
import { LABELLED_PAIRS_FILE, LabelledPairs } from "../../matching/audit/labelled-pairs.ts";
import { readFileState } from "../../store/file-state-store.ts";
import { encodePairs, type PairFormat } from "../../transfer/pair-lines.ts";
import { configuredUrl, toUrl, type DeskFlags } from "../entries/open-desk.ts";
import { openDownload, type ServerAddress } from "../server-call.ts";

export interface PairWishes {
  readonly format: PairFormat;
  readonly filter: PairFilter;
}

/**
 * With `--url` from that server. Else out of the folder of the configuration, whether or not a server has it; where
 * verdicts are kept in the memory of a server, from there.
 *
 * @throws {SemcacheError} `usage`, `config-invalid`, `store-failed`, and what the server says
 */
export async function openPairs(flags: DeskFlags, wishes: PairWishes): Promise<AsyncIterable<Uint8Array>> {
  const overrides = flags.data === undefined ? {} : { store: { path: flags.data } };
  const { config } = loadConfig({ file: flags.config ?? null, overrides });
  const token = flags.token ?? config.server.adminToken;
  if (flags.url !== undefined)
    return callPairs({ url: toUrl(flags.url), token, advice: "is it running there?" }, wishes);
  const { path } = config.store;
  if (path === null) {
    const advice = "the verdicts are in the memory of a server: start it, or name it with --url";
    return callPairs({ url: configuredUrl(config), token, advice }, wishes);
  }
  if (!existsSync(path)) {
    throw new SemcacheError(
      "store-failed",
      `Cannot open ${path}: there is no such folder; name it with --data, or a running server with --url`,
    );
  }
  const labelled = new LabelledPairs({ state: await readFileState(path, LABELLED_PAIRS_FILE) });
  return toChunks(labelled, wishes);
}

async function* toChunks(labelled: LabelledPairs, { format, filter }: PairWishes): AsyncGenerator<Uint8Array> {
  const wanted = [...labelled.all()].filter((pair) => isWanted(filter, pair));
  for await (const { lines } of encodePairs(format, wanted)) yield lines;
}

async function callPairs(address: ServerAddress, wishes: PairWishes): Promise<AsyncIterable<Uint8Array>> {
  const { sinceMs, ...equal } = wishes.filter;
  const query = new URLSearchParams({ format: wishes.format });
  for (const [name, value] of Object.entries(equal)) if (value !== undefined) query.set(name, value);
  if (sinceMs !== undefined) query.set("since", new Date(sinceMs).toISOString());
  return openDownload(address, `feedback?${query}`);
}
