import type { Clock } from "../base/clock.ts";
import type { Admission } from "../cache/admission.ts";
import type { CachePlanSettings } from "../cache/cache-plan.ts";
import type { FrameJournal } from "../cache/frame-journal.ts";
import type { Lookup } from "../cache/lookup.ts";
import type { ServedHits } from "../cache/served-hits.ts";
import type { TenantResolver } from "../cache/tenant.ts";
import type { Matcher } from "../matching/matcher.ts";
import type { DialectName } from "../model/dialect-name.ts";
import type { Prices } from "../pricing/price.ts";
import type { CacheStore } from "../store/cache-store.ts";
import type { RequestReport } from "../telemetry/request-report.ts";
import type { UpstreamClient } from "../upstream/upstream-client.ts";
import type { UpstreamPolicy } from "../upstream/upstream-policy.ts";
import type { Auditor } from "./auditor.ts";
import type { Dialects } from "./interpret-exchange.ts";
import type { RefreshOutcome } from "./refresher.ts";
import type { Shadow } from "./shadow.ts";

export interface ProxyOptions {
  readonly clock: Clock;
  readonly dialects: Dialects;
  readonly policy: UpstreamPolicy;
  readonly upstream: UpstreamClient;
  readonly store: CacheStore;
  readonly matcher: Matcher;
  readonly lookup: Lookup;
  readonly admission: Admission;
  readonly frames: FrameJournal;
  readonly tenants: TenantResolver;
  readonly auditor: Pick<Auditor, "consider">;
  /** Told of the lookups of shadow mode. */
  readonly shadow: Pick<Shadow, "observe">;
  readonly served: Pick<ServedHits, "add">;
  /** What a spared provider call would have cost. */
  readonly prices: Prices;
  readonly settings: ProxySettings;
  /** Whether the report of a request that is looked up now has its prompts. */
  readonly keepsPrompts: () => boolean;
  /** One report per request, before its last byte is written. */
  readonly report: (report: RequestReport) => void;
  /** Told of each refresh in the background when it is over. */
  readonly onRefresh: (outcome: RefreshOutcome) => void;
  /** Told of defects: errors that no rule foresees. */
  readonly onDefect: (error: unknown, requestId: string) => void;
}

export interface ProxySettings {
  readonly providers: { readonly openai: string; readonly anthropic: string };
  readonly plan: CachePlanSettings;
  readonly ignoreFields: Readonly<Record<DialectName, readonly string[]>>;
  readonly varyHeaders: readonly string[];
  /** The header of `tenancy: header:<name>`, which must not reach the provider. */
  readonly tenantHeader: string | null;
  readonly maxEntryBytes: number;
  readonly idleMs: number;
}
