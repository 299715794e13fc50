import { setImmediate as nextTurn } from "node:timers/promises";
import { randomUUID } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { RecordedAnswer, Usage } from "../model/answer.ts";
import type { CacheEntry } from "../model/cache-entry.ts";
import type { DialectName } from "../model/dialect-name.ts";
import type { ExactKey, PartitionKey, TenantId } from "../model/keys.ts";
import type { NotStoredReason } from "../model/reason.ts";
import type { Examination } from "../formats/dialect.ts";
import type { Matcher, PreparedPrompt } from "../matching/matcher.ts";
import type { CacheStore } from "../store/cache-store.ts";
import type { Landings } from "./landings.ts";

export interface AdmissionOptions {
  readonly store: Pick<CacheStore, "findExact" | "put" | "health">;
  /** Its queue is not the lookups' own: a burst of new answers is embedded by and by. */
  readonly matcher: Pick<Matcher, "prepare">;
  readonly landings: Landings;
  readonly clock: Clock;
  readonly maxEntryBytes: number;
  /** Told of entries that were on their way and did not land. */
  readonly onLost: (reason: NotStoredReason, error: unknown) => void;
}

export interface AdmissionRequest {
  readonly exactKey: ExactKey;
  readonly partition: PartitionKey;
  readonly tenant: TenantId;
  readonly namespace: string;
  readonly dialect: DialectName;
  readonly upstream: string;
  readonly model: string | null;
  readonly promptText: string;
  /** False: this entry answers equal requests only. */
  readonly semantic: boolean;
  /** What the lookup found out about the prompt, or is finding out; null: nothing yet. */
  readonly prepared: PreparedPrompt | null;
  readonly ttlMs: number;
  readonly tags: readonly string[];
  /** The store's generation when the request began. */
  readonly generation: number;
  /** When the provider was called, milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly providerMs: number;
  readonly openaiVersion: string | null;
  readonly answer: RecordedAnswer;
  readonly examine: (answer: RecordedAnswer) => Examination;
}

export type AdmissionOutcome =
  | { readonly kind: "landing"; readonly id: string; readonly usage: Usage | null; readonly landed: Promise<void> }
  | { readonly kind: "refused"; readonly reason: NotStoredReason };

export interface Admission {
  /** Decides at once; what is admitted is in the store (or lost, and counted) when `landed` resolves. */
  admit(request: AdmissionRequest): AdmissionOutcome;
}

/** More than this are not waited for: further entries land at once, without a vector, and answer equal requests only. */
const MAX_LANDINGS = 1_000;

export function createAdmission(options: AdmissionOptions): Admission {
  const { clock, landings, maxEntryBytes } = options;
  return {
    admit(request) {
      const { ttlMs, answer } = request;
      if (ttlMs <= 0) return { kind: "refused", reason: "ttl-zero" };
      const examined = request.examine(answer);
      if (examined.kind === "refused") return examined;
      if (examined.body.length > maxEntryBytes) return { kind: "refused", reason: "too-large" };
      const id = randomUUID();
      const now = clock.now();
      const entry: CacheEntry = {
        id,
        exactKey: request.exactKey,
        partition: request.partition,
        tenant: request.tenant,
        namespace: request.namespace,
        dialect: request.dialect,
        upstream: request.upstream,
        model: request.model,
        promptText: request.promptText,
        answer: {
          shape: answer.shape,
          status: answer.status,
          contentType: answer.contentType,
          openaiVersion: request.openaiVersion,
          body: examined.body,
        },
        usage: examined.usage,
        finishReason: examined.finishReason,
        providerMs: request.providerMs,
        tags: request.tags,
        createdAtMs: now,
        expiresAtMs: now + ttlMs,
        vector: null,
      };
      if (options.store.health().state === "loading") return { kind: "refused", reason: "store-loading" };
      if (!landings.hasRoomFor(entry)) return { kind: "refused", reason: "store-busy" };
      const { prepared, generation, startedAtMs } = request;
      const landed = land(
        options,
        // Not all of the request: it has the answer as it came, which need not live until this one is written.
        { prepared, generation, startedAtMs },
        entry,
        request.semantic && examined.semantic && landings.size < MAX_LANDINGS,
      );
      landings.add(entry, generation, landed);
      return { kind: "landing", id, usage: examined.usage, landed };
    },
  };
}

/** The client's last bytes leave first: a model that runs meanwhile would take the processor from them. */
async function prepareAfterwards(matcher: Pick<Matcher, "prepare">, prompt: string): Promise<PreparedPrompt> {
  await nextTurn();
  return matcher.prepare(prompt);
}

async function land(
  { store, matcher, clock, onLost }: AdmissionOptions,
  { prepared: known, generation, startedAtMs }: Pick<AdmissionRequest, "prepared" | "generation" | "startedAtMs">,
  entry: CacheEntry,
  semantic: boolean,
): Promise<void> {
  let { vector } = entry;
  if (semantic) {
    try {
      const prepared = known ?? (await prepareAfterwards(matcher, entry.promptText));
      if (prepared.kind === "comparable") vector = prepared.vector;
    } catch {
      // Without a vector the entry still answers equal requests; the fault was counted where it happened.
    }
  }
  try {
    // What came while this call was in the air is a younger answer: a refresh must not be undone by the call before it.
    const standing = await store.findExact(entry.exactKey);
    // One of the future was made before the clock was set back, and would keep every refresh out until the clock is there.
    if (standing !== null && standing.createdAtMs > startedAtMs && standing.createdAtMs <= clock.now()) return;
    const outcome = await store.put(vector === null ? entry : { ...entry, vector }, generation);
    if (outcome.kind === "refused") {
      onLost(outcome.because === "generation" ? "invalidated-meanwhile" : "too-large", null);
    }
  } catch (error) {
    onLost("store-failed", error);
  }
}
