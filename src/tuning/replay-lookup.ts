import type { AnswerComparer } from "../matching/audit/compare-answers.ts";
import type { MatchCandidate, Matcher } from "../matching/matcher.ts";
import type { MissReason } from "../model/reason.ts";
import type { KeptPrompt, Near } from "./kept-prompt.ts";
import { compareLabels } from "./log-fields.ts";
import type { ReplayRequest } from "./replay-request.ts";
import type { ReplaySetting } from "./replay-setting.ts";
import type { MergedPair, Truth } from "./tally.ts";

export interface JudgingOptions {
  /** Its own rate is the loosest of the settings, and its queue is unbounded. */
  readonly matcher: Matcher;
  /** Compares logged answers where labels do not tell; null: they are not compared. */
  readonly comparer: AnswerComparer | null;
  /** Strictest first. */
  readonly settings: readonly ReplaySetting[];
  /** Of these (indexes) the reasons of misses are counted. */
  readonly explained: ReadonlySet<number>;
}

export function toCandidate({ kept, similarity }: Near): MatchCandidate {
  return { id: kept.id, promptText: kept.first.promptText, similarity };
}

/** One request among the candidates of setting after setting. */
export class ReplayLookup {
  readonly #options: JudgingOptions;
  readonly #request: ReplayRequest;
  readonly #signal: AbortSignal;
  /** Failed at a looser setting, and so at all stricter ones. */
  readonly #failed = new Set<KeptPrompt>();
  readonly #truths = new Map<KeptPrompt, Truth>();

  constructor(options: JudgingOptions, request: ReplayRequest, signal: AbortSignal) {
    this.#options = options;
    this.#request = request;
    this.#signal = signal;
  }

  async find(
    near: readonly Near[],
    setting: number,
  ): Promise<{ readonly pair: MergedPair; readonly stored: ReplayRequest } | MissReason> {
    const { matcher, settings, explained } = this.#options;
    // Who wants the reason of a miss wants that of a lookup: there all candidates are judged.
    const open = explained.has(setting) ? near : near.filter(({ kept }) => !this.#failed.has(kept));
    if (open.length === 0) return "no-candidate";
    const maxErrorRate = settings[setting]?.maxErrorRate;
    const verdict = await matcher.judge(this.#request.promptText, open.map(toCandidate), {
      maxErrorRate,
      signal: this.#signal,
    });
    const passed = verdict.kind === "hit" ? open.find(({ kept }) => kept.id === verdict.candidate.id) : undefined;
    for (const each of open) {
      if (each === passed) break;
      this.#failed.add(each.kept);
    }
    if (verdict.kind === "miss" || passed === undefined)
      return verdict.kind === "miss" ? verdict.reason : "no-candidate";
    const { kept } = passed;
    const { similarity, confidence, guard } = verdict.judgement;
    const pair: MergedPair = {
      line: this.#request.line,
      asked: this.#request.promptText,
      storedLine: kept.holder.line,
      stored: kept.first.promptText,
      similarity,
      confidence,
      guard,
      truth: await this.#truthOf(kept),
    };
    return { pair, stored: kept.holder };
  }

  async #truthOf(kept: KeptPrompt): Promise<Truth> {
    const known = this.#truths.get(kept);
    if (known !== undefined) return known;
    const truth = await this.#compare(kept.holder);
    this.#truths.set(kept, truth);
    return truth;
  }

  /** Labels first; without them the logged answers are compared as audits compare theirs. */
  async #compare(stored: ReplayRequest): Promise<Truth> {
    const { comparer } = this.#options;
    const asked = this.#request;
    const byLabel = compareLabels(stored.label, asked.label);
    if (byLabel !== "unknown" || comparer === null || stored.answerText === null || asked.answerText === null) {
      return byLabel;
    }
    const pair = { question: asked.promptText, served: stored.answerText, fresh: asked.answerText };
    const { verdict } = await comparer.compare(pair, this.#signal);
    return verdict === "right" ? "same" : verdict === "wrong" ? "other" : "unknown";
  }
}
