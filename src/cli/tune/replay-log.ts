import { createJudging } from "../../app.ts";
import type { Config } from "../../config/config.ts";
import { configSchema } from "../../config/schema.ts";
import { createLocalEmbedder } from "../../embedding/local-embedder.ts";
import { createAnswerComparer } from "../../matching/audit/compare-answers.ts";
import { loadCalibration } from "../../matching/calibration/load-calibration.ts";
import { createPromptGuard } from "../../matching/guard/prompt-guard.ts";
import { createLocalVerifier } from "../../matching/local-verifier.ts";
import { costAt, costOf } from "../../pricing/cost-of.ts";
import { pricesCompiledOn } from "../../pricing/data/price-table.ts";
import { createPriceList } from "../../pricing/price-list.ts";
import { toCurve } from "../../tuning/curve.ts";
import { countFrameParts } from "../../tuning/frame-count.ts";
import type { PriceCall } from "../../tuning/price-requests.ts";
import { settingIndexOf, toReplaySettings } from "../../tuning/replay-setting.ts";
import { Replay } from "../../tuning/replay.ts";
import { suggest } from "../../tuning/suggestion.ts";
import type { TuneReport } from "../../tuning/tune-report.ts";
import { version } from "../../version.ts";
import { createProgressBar, toCount } from "../progress-bar.ts";
import type { TakenLog } from "./take-file.ts";
import type { TuneWishes } from "./tune-flags.ts";

/** With the models of this machine; ends early, and says so, when `stop` aborts. */
export async function replayLog(
  { requests, about }: TakenLog,
  config: Config,
  wishes: TuneWishes,
  { stop, started }: { readonly stop: AbortSignal; readonly started: number },
): Promise<TuneReport> {
  const { matching, cache } = config;
  const calibration = await loadCalibration();
  const defaultRate = configSchema.parse({}).matching.max_error_rate;
  const configuredRate = cache.mode === "exact" || cache.mode === "off" ? 0 : matching.maxErrorRate;
  const settings = toReplaySettings(calibration, [defaultRate, configuredRate]);
  const loosest = settings.at(-1)?.maxErrorRate ?? matching.maxErrorRate;
  const judging = await createJudging({ ...config, matching: { ...matching, maxErrorRate: loosest } });
  const bar = createProgressBar(process.stderr, { label: "replaying", total: requests.length });
  try {
    const replay = new Replay({
      matcher: judging.patientMatcher,
      comparer: createAnswerComparer({
        embedder: createLocalEmbedder(judging.pool, { queue: "unbounded" }),
        verifier: createLocalVerifier(judging.pool, { queue: "unbounded" }),
        guard: createPromptGuard(),
      }),
      settings,
      explained: new Set([defaultRate, configuredRate].map((rate) => settingIndexOf(settings, rate))),
      candidates: matching.candidates,
      price: toPriceCall(config, wishes),
      pairs: wishes.pairs,
    });
    const from = performance.now();
    try {
      await replay.run(requests, {
        signal: stop,
        onDone(done) {
          const leftS = ((performance.now() - from) / done / 1000) * (requests.length - done);
          bar.show(done, `${toCount(done, "request", "requests")}, about ${toTime(leftS)} left`);
        },
      });
    } catch (error) {
      if (!stop.aborted) throw error;
    }
    const { distinct, frames, comparable, exactOnly, notKept, spent, requests: done } = replay.counts;
    const curve = toCurve(settings, replay.tallies, { requests: done, defaultRate, configuredRate });
    return {
      semcache: version,
      log: about,
      interrupted: stop.aborted,
      traffic: {
        requests: done,
        distinct,
        frames,
        frameParts: countFrameParts(requests.slice(0, done)),
        comparable,
        exactOnly: Object.fromEntries(exactOnly),
        notKept,
        spent,
      },
      prices: toPricesText(config, wishes),
      curve,
      uncertified: calibration.bars.filter((each) => each.bar === null).map(({ maxErrorRate }) => maxErrorRate),
      suggestion: suggest(curve, wishes.maxWrong),
      details: replay.tallies.map(({ worst, misses }, index) => ({
        index,
        pairs: worst,
        misses: curve[index]?.isDefault || curve[index]?.isConfigured ? Object.fromEntries(misses) : null,
      })),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    bar.end();
    await judging.close();
  }
}

function toPriceCall({ prices }: Config, { price }: TuneWishes): PriceCall {
  if (price !== null) return (usage) => costAt(usage, price);
  const list = createPriceList(prices);
  return (usage, model) => (model === null ? null : costOf(usage, model, list));
}

function toPricesText({ prices }: Config, { price }: TuneWishes): string {
  if (price !== null) return `as given, $${price.input} a million tokens in and $${price.output} out`;
  const own = Object.keys(prices).length > 0 ? " and those of the configuration" : "";
  return `list prices compiled on ${pricesCompiledOn}${own}`;
}

/** `3 min`, `40 s`. */
function toTime(seconds: number): string {
  return seconds >= 90 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds)} s`;
}
