import type { Clock } from "../base/clock.ts";
import { SemcacheError } from "../base/errors.ts";
import type { LabelledPair, ServedPrompts } from "../matching/audit/labelled-pair.ts";
import type { LabelledPairs } from "../matching/audit/labelled-pairs.ts";
import type { ServedPair, Trust } from "../matching/audit/trust.ts";
import type { Matcher } from "../matching/matcher.ts";
import type { TenantId } from "../model/keys.ts";
import type { CacheStore } from "../store/cache-store.ts";
import type { ServedHit, ServedHits } from "./served-hits.ts";

/** A hit by its request; all hits of an entry; or what an entry was, or would be, to this prompt. */
export type VerdictSubject =
  | { readonly kind: "request"; readonly request: string }
  | { readonly kind: "entry"; readonly entry: string }
  | { readonly kind: "pair"; readonly entry: string; readonly prompt: string };

/** A caller is heard on what is his own; what an operator says goes over what others have said. */
export type Teller = { readonly kind: "caller"; readonly tenant: TenantId | null } | { readonly kind: "operator" };

export interface VerdictEffect {
  /** Pairs of prompts that the verdict was about. */
  readonly pairs: number;
  /** Entries that were removed for it. */
  readonly removed: number;
}

export interface VerdictsOptions {
  readonly served: ServedHits;
  readonly trust: Pick<Trust, "identify" | "toldBy" | "bar" | "unbar">;
  readonly labelled: Pick<LabelledPairs, "add" | "place">;
  readonly store: Pick<CacheStore, "get" | "delete">;
  readonly matcher: Pick<Matcher, "prepare">;
  readonly clock: Clock;
  /** Resolves when all that trust and labelled pairs were told is on disk, or has been told to be lost. */
  readonly flushed: () => Promise<void>;
  /** Told of each verdict that is news, once it is in effect. */
  readonly onTold: (verdict: "right" | "wrong", subject: VerdictSubject) => void;
}

/** What people and audits say of hits: to whom it is said, and what comes of it. */
export interface Verdicts {
  /**
   * Resolves when the verdict is in effect and on disk; one that a failing disk did not take is in effect all the same.
   * One that throws was not taken: to give it again is news.
   *
   * @throws {SemcacheError} `not-found`, `store-loading`, `store-failed`
   */
  take(subject: VerdictSubject, verdict: "right" | "wrong", teller: Teller): Promise<VerdictEffect>;
  /** What an audit found of this request's hit. The trust has been told. */
  audited(request: string, verdict: "right" | "wrong"): void;
  /** Resolves when all pairs of before are placed. */
  settled(): Promise<void>;
}

interface Applied {
  readonly effect: VerdictEffect;
  /** What goes on after it is in effect. */
  readonly kept: readonly Promise<void>[];
}

const nothing: VerdictEffect = { pairs: 0, removed: 0 };
/** A verdict is in effect before; what takes longer to embed is kept without its place. */
const PLACING_MS = 10_000;

export function createVerdicts(options: VerdictsOptions): Verdicts {
  const { served, trust, labelled, store, matcher, clock, flushed, onTold } = options;
  const placing = new Set<Promise<void>>();

  /** Keeps the pair at once, and finds out what it is near to. */
  async function keep(
    { pair }: ServedPair,
    prompts: ServedPrompts,
    told: Pick<LabelledPair, "verdict" | "by" | "about">,
    how: { readonly takesBack: boolean },
  ): Promise<void> {
    if (!labelled.add(pair, { ...prompts, ...told, atMs: clock.now() }, how)) return;
    const signal = AbortSignal.timeout(PLACING_MS);
    const place = async () => {
      const [stored, asked] = await Promise.all([
        matcher.prepare(prompts.stored, signal),
        matcher.prepare(prompts.asked, signal),
      ]);
      if (stored.kind === "comparable" && asked.kind === "comparable")
        labelled.place(pair, prompts.tenant, stored.vector, asked.vector);
    };
    // Without its place the pair is barred all the same.
    const placed = place()
      .catch(() => undefined)
      .finally(() => placing.delete(placed));
    placing.add(placed);
    await placed;
  }

  /** In effect when this resolves; what is kept of it is not placed yet. */
  async function apply(
    hits: readonly ServedHit[],
    verdict: "right" | "wrong",
    { kind }: Teller,
    about: LabelledPair["about"],
  ): Promise<Applied> {
    const effect = { pairs: 0, removed: 0 };
    const takesBack = kind === "operator" && about === "hit";
    const kept: Promise<void>[] = [];
    for (const { entry, pair, prompts } of hits) {
      if (pair === null) {
        if (verdict === "wrong") effect.removed += (await store.delete({ kind: "id", id: entry })).entries;
        continue;
      }
      effect.pairs++;
      if (verdict === "wrong") trust.bar(pair);
      else if (takesBack) trust.unbar(pair);
      if (prompts !== null) kept.push(keep(pair, prompts, { verdict, by: "person", about }, { takesBack }));
    }
    return { effect, kept };
  }

  /**
   * What a caller says a thousand times is said once. An operator's word is in effect each time: others may have spoken
   * between. Noted when it is in effect, not before: what failed is taken when it is said again.
   */
  async function takeNews(
    what: string,
    verdict: "right" | "wrong",
    { kind }: Teller,
    subject: VerdictSubject,
    bring: () => Promise<Applied>,
  ): Promise<VerdictEffect> {
    const how = { takesBack: kind === "operator" };
    if (!served.isNews(what, verdict, how) && kind !== "operator") return nothing;
    const { effect, kept } = await bring();
    if (served.noteVerdict(what, verdict, how) || kind === "operator") {
      trust.toldBy(null, verdict);
      onTold(verdict, subject);
    }
    await Promise.all(kept);
    return effect;
  }

  async function onRequest(request: string, verdict: "right" | "wrong", teller: Teller): Promise<VerdictEffect> {
    const hit = served.find(request);
    // Another tenant's hits are as unknown as those that never were.
    if (hit === null || !isHeard(teller, hit.tenant)) throw unknownHit(request);
    return takeNews(request, verdict, teller, { kind: "request", request }, () => apply([hit], verdict, teller, "hit"));
  }

  async function onPair(
    subject: Extract<VerdictSubject, { kind: "pair" }>,
    verdict: "right" | "wrong",
    teller: Teller,
  ): Promise<VerdictEffect> {
    const entry = await store.get(subject.entry);
    if (entry === null || !isHeard(teller, entry.tenant)) throw unknownEntry(subject.entry);
    const { tenant, namespace, dialect, model, tags, createdAtMs, partition, promptText: stored } = entry;
    const { prompt: asked } = subject;
    const pair = stored === asked ? null : trust.identify(partition, stored, asked);
    const about = { tenant, namespace, dialect, model, tags, createdAtMs, entry: entry.id, partition };
    const prompts = pair && { ...about, stored, asked, similarity: null, confidence: null };
    return takeNews(`${entry.id}/${pair?.pair ?? ""}`, verdict, teller, subject, () =>
      apply([{ tenant, entry: entry.id, pair, prompts }], verdict, teller, "hit"),
    );
  }

  async function onEntry(id: string, verdict: "right" | "wrong", teller: Teller): Promise<VerdictEffect> {
    const entry = await store.get(id);
    const hits = [...served.ofEntry(id)].filter(({ tenant }) => isHeard(teller, tenant));
    const isThere = entry !== null && isHeard(teller, entry.tenant);
    if (!isThere && hits.length === 0) throw unknownEntry(id);
    return takeNews(`${id}/`, verdict, teller, { kind: "entry", entry: id }, async () => {
      const known = hits.filter(({ pair }) => pair !== null);
      // The answer itself is called wrong: it goes, whoever was served it.
      const removed = isThere && verdict === "wrong" ? (await store.delete({ kind: "id", id })).entries : 0;
      const { effect, kept } = await apply(known, verdict, teller, "entry");
      return { effect: { ...effect, removed }, kept };
    });
  }

  function onSubject(subject: VerdictSubject, verdict: "right" | "wrong", teller: Teller): Promise<VerdictEffect> {
    switch (subject.kind) {
      case "request":
        return onRequest(subject.request, verdict, teller);
      case "pair":
        return onPair(subject, verdict, teller);
      case "entry":
        return onEntry(subject.entry, verdict, teller);
      default:
        return subject satisfies never;
    }
  }

  return {
    async take(subject, verdict, teller) {
      const effect = await onSubject(subject, verdict, teller);
      // Also where it was no news: whoever said it first may still wait for the disk.
      await flushed();
      return effect;
    },
    audited(request, verdict) {
      const { pair = null, prompts = null } = served.find(request) ?? {};
      if (pair === null || prompts === null) return;
      void keep(pair, prompts, { verdict, by: "audit", about: "hit" }, { takesBack: false });
    },
    async settled() {
      while (placing.size > 0) await Promise.all(placing);
    },
  };
}

function isHeard(teller: Teller, tenant: TenantId): boolean {
  return teller.kind === "operator" || teller.tenant === tenant;
}

function unknownHit(request: string): SemcacheError {
  return new SemcacheError(
    "not-found",
    `Cannot take the feedback: ${quote(request)} is not one of the last hits; name its entry and the prompt instead`,
  );
}

function unknownEntry(entry: string): SemcacheError {
  return new SemcacheError(
    "not-found",
    `Cannot take the feedback: ${quote(entry)} is not in the cache, nor the entry of one of the last hits`,
  );
}

function quote(id: string): string {
  return JSON.stringify(id.slice(0, 100));
}
