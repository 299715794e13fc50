import { isSemcacheError, SemcacheError } from "../../base/errors.ts";
import { systemClock } from "../../base/clock.ts";
import { Landings } from "../../cache/landings.ts";
import { loadTenantSecret } from "../../cache/tenant-secret.ts";
import { createTenantResolver, toDeploymentMark } from "../../cache/tenant.ts";
import type { Config } from "../../config/config.ts";
import { dialects } from "../../formats/dialects.ts";
import type { EntrySelector } from "../../store/cache-store.ts";
import { toSelector, type EntryFilter } from "../../transfer/entry-filter.ts";
import { EntryImporter } from "../../transfer/entry-importer.ts";
import { toEntryDetail, toEntrySummary } from "../../transfer/entry-views.ts";
import { exportEntries } from "../../transfer/export-entries.ts";
import { ImportTally } from "../../transfer/import-tally.ts";
import { createUpstreamPolicy } from "../../upstream/upstream-policy.ts";
import type { EntryDesk, EntryDetail, EntrySummary, OpenedStore } from "./entry-desk.ts";
import { forgetLabelledPairs } from "../feedback/forget-labelled-pairs.ts";

/** Straight to a store that no server has open. */
export async function createStoreDesk(config: Config, opened: OpenedStore): Promise<EntryDesk> {
  const { store, embedder } = opened;
  const { cache, upstream, matching } = config;
  const { secret } = await loadTenantSecret({ configured: cache.tenantSecret, dataFolder: config.store.path });
  const deployment = toDeploymentMark({ tenancy: cache.tenancy, secret });
  const landings = new Landings();
  const importer = new EntryImporter({
    store,
    embedder,
    landings,
    clock: systemClock,
    dialects,
    deployment,
    matcher: {
      async prepare(text) {
        const vector = await opened.embed(text);
        return vector === null ? { kind: "exact-only", reason: "too-long" } : { kind: "comparable", vector };
      },
    },
    policy: createUpstreamPolicy({
      allow: upstream.allow,
      allowPublic: upstream.allowPublic,
      providers: upstream.baseUrls,
      viaEgressProxy: upstream.proxy !== null,
    }),
    tenants: createTenantResolver({ tenancy: cache.tenancy, secret }),
    settings: {
      providers: upstream.providers,
      plan: { ...cache, maxErrorRate: matching.maxErrorRate },
      ignoreFields: cache.ignoreFields,
      varyHeaders: cache.varyHeaders,
      maxEntryBytes: cache.maxEntryBytes,
    },
  });
  // What is deleted goes with the prompts that were kept for a verdict, as in a server.
  const remove = async (selector: EntrySelector, how?: { readonly dryRun: boolean }) => {
    const deleted = await store.delete(selector, how);
    if (!how?.dryRun && config.store.path !== null) await forgetLabelledPairs(config.store.path, selector);
    return deleted;
  };
  const selectorOf = (filter: EntryFilter): EntrySelector | null => toSelector(filter, systemClock.now());
  return {
    place: config.store.path ?? store.kind,
    async list(filter, { limit, after }) {
      const selector = selectorOf(filter);
      const page = await store.list({
        limit,
        ...(after === null ? {} : { after }),
        ...(selector === null ? {} : { selector }),
      });
      return { entries: page.entries.map((entry) => toEntrySummary(entry) as EntrySummary), next: page.next };
    },
    async show(id) {
      const entry = await store.get(id);
      return entry && (toEntryDetail(entry) as EntryDetail);
    },
    async remove(id) {
      return (await remove({ kind: "id", id })).entries > 0;
    },
    invalidate: (filter, how) => remove(selectorOf(filter) ?? { kind: "all" }, how),
    async *export(filter, { vectors }) {
      for await (const { lines } of exportEntries(store, { selector: selectorOf(filter), vectors, deployment })) {
        yield lines;
      }
    },
    async import(items, { headers, strict }) {
      const run = importer.begin({ strict });
      const tally = new ImportTally();
      let failure: SemcacheError | null = null;
      try {
        const first = JSON.stringify({ semcache_headers: 1, headers });
        await run.add({ number: 0, kind: "text", text: first, offset: 0, bytes: first.length });
        for await (const item of items) {
          if (item.kind === "skipped") tally.skip(item.reason);
          else if (item.kind === "refused") tally.refuse(item.number, item.message);
          else {
            const { number, text } = item;
            if (!(await run.add({ number, kind: "text", text, offset: 0, bytes: text.length }))) break;
          }
          if (strict && tally.refused > 0) break;
        }
        await run.finish();
      } catch (error) {
        await run.finish().catch(() => undefined);
        failure = isSemcacheError(error)
          ? error
          : new SemcacheError("store-failed", `Cannot import: ${String(error)}`, { cause: error });
      }
      tally.add(run.summary(), (line) => line);
      return { summary: tally.summary(), failure };
    },
    async close() {
      await landings.all();
      await opened.close();
    },
  };
}
