import { parseArgs } from "node:util";
import { createJudging } from "../../app.ts";
import { SemcacheError } from "../../base/errors.ts";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/config.ts";
import { configSchema } from "../../config/schema.ts";
import { createLocalEmbedder } from "../../embedding/local-embedder.ts";
import { dialects } from "../../formats/dialects.ts";
import { createAnswerComparer } from "../../matching/audit/compare-answers.ts";
import { loadCalibration } from "../../matching/calibration/load-calibration.ts";
import { createPromptGuard } from "../../matching/guard/prompt-guard.ts";
import { costAt, costOf } from "../../pricing/cost-of.ts";
import { pricesCompiledOn } from "../../pricing/data/price-table.ts";
import { createPriceList } from "../../pricing/price-list.ts";
import { toCurve } from "../../tuning/curve.ts";
import { countFrameParts } from "../../tuning/frame-count.ts";
import { takeLog, type IntakeSummary } from "../../tuning/log-intake.ts";
import type { PriceCall } from "../../tuning/price-requests.ts";
import { guessLogFormat, readLog, type LogFormat } from "../../tuning/read-log.ts";
import { createLogUnderstanding, type ReplayRequest } from "../../tuning/replay-request.ts";
import { settingIndexOf, toReplaySettings } from "../../tuning/replay-setting.ts";
import { Replay } from "../../tuning/replay.ts";
import { suggest } from "../../tuning/suggestion.ts";
import type { TuneReport } from "../../tuning/tune-report.ts";
import { createUpstreamPolicy } from "../../upstream/upstream-policy.ts";
import { version } from "../../version.ts";
import { configFlags, parseCommand, toOverrides } from "../arguments.ts";
import { openInput, peek } from "../input.ts";
import { createStreamOutput, openFileOutput } from "../output.ts";
import { createProgressBar, toBytes, toCount } from "../progress-bar.ts";
import { stopSignal } from "../stop-signal.ts";
import { encodeHtmlReport } from "./html-report.ts";
import { encodeTerminalReport } from "./terminal-report.ts";
import { toWishes, tuneFlags, type TuneWishes } from "./tune-flags.ts";

/** What is looked at to tell the format. */
const MAX_HEAD_BYTES = 65_536;

/**
 * `semcache tune FILE`: a log replayed to caches of all settings, and what to set. 1 where nothing could be replayed, or
 * the replay was interrupted: then the report is of what was done.
 */
export async function runTune(args: readonly string[]): Promise<number> {
  const options = { ...configFlags, ...tuneFlags } as const;
  const { values, positionals } = parseCommand(() => parseArgs({ args: [...args], options, allowPositionals: true }), {
    count: 1,
    name: "a log, or - for standard input",
  });
  const wishes = toWishes(values);
  const { config } = loadConfig({ file: values.config ?? null, overrides: toOverrides(values) });
  const stop = stopSignal();
  const started = performance.now();
  const log = await takeFile(positionals[0] ?? "-", config, {
    ...wishes,
    promptName: values.prompt ?? null,
    labelName: values.label ?? null,
    stop,
  });
  const report = await replayLog(log, config, wishes, { stop, started });
  if (values.html !== undefined && !report.interrupted) await writeFile(values.html, encodeHtmlReport(report));
  const output = createStreamOutput(process.stdout);
  await output.write(values.json ? `${JSON.stringify(report)}\n` : encodeTerminalReport(report));
  await output.finish();
  if (!values.json && values.html !== undefined && !report.interrupted) process.stderr.write(`wrote ${values.html}\n`);
  return report.interrupted ? 1 : 0;
}

interface TakenLog {
  readonly requests: readonly ReplayRequest[];
  readonly about: IntakeSummary & { readonly name: string; readonly format: LogFormat };
}

/** @throws {SemcacheError} `bad-request` for a log without a request that could be replayed */
async function takeFile(
  path: string,
  config: Config,
  wishes: Pick<TuneWishes, "limit" | "sample"> & {
    readonly promptName: string | null;
    readonly labelName: string | null;
    readonly stop: AbortSignal;
  },
): Promise<TakenLog> {
  const { cache, upstream } = config;
  const input = await openInput(path, wishes.stop);
  const bar = createProgressBar(process.stderr, { label: "reading", total: input.size });
  try {
    const { head, chunks } = await peek(input.chunks, MAX_HEAD_BYTES);
    const { name } = input;
    const format = guessLogFormat(head, name);
    const understand = createLogUnderstanding({
      dialects,
      policy: createUpstreamPolicy({
        allow: upstream.allow,
        allowPublic: upstream.allowPublic,
        providers: upstream.baseUrls,
        viaEgressProxy: upstream.proxy !== null,
      }),
      providers: upstream.providers,
      // What is tried is what matching by meaning would do, whether or not it is on.
      plan: { ...cache, mode: "semantic", maxErrorRate: 1 },
      ignoreFields: cache.ignoreFields,
      varyHeaders: cache.varyHeaders,
      maxRequestBytes: cache.maxRequestBytes,
    });
    let bytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        yield chunk;
        bytes += chunk.length;
        bar.show(bytes, toBytes(bytes));
      }
    }
    const { requests, summary } = await takeLog(
      readLog(format, counted(), wishes),
      { understand, ...wishes },
      wishes.stop,
    );
    if (wishes.stop.aborted) {
      const read = toCount(requests.length, "request", "requests");
      throw new SemcacheError("aborted", `Stopped: interrupted while reading ${name}, after ${read}`);
    }
    if (requests.length === 0) throw nothingIn(name, summary);
    return { requests, about: { ...summary, name, format } };
  } finally {
    bar.end();
    input.close();
  }
}

function nothingIn(name: string, { unreadable, faults, bypassed, skipped }: IntakeSummary): SemcacheError {
  const [fault] = faults;
  const counts = (told: Readonly<Record<string, number>>) =>
    Object.entries(told).map(([what, count]) => `${count} ${what}`);
  const why = [
    ...(fault === undefined
      ? []
      : [`${toCount(unreadable, "line", "lines")} unreadable, line ${fault.line}: ${fault.why}`]),
    ...counts(skipped),
    ...counts(bypassed).map((count) => `${count} (the cache is not asked)`),
  ];
  const told = why.length === 0 ? "it is empty" : why.join("; ");
  return new SemcacheError("bad-request", `Cannot tune: ${name} holds no request that can be replayed: ${told}`);
}

async function replayLog(
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

async function writeFile(path: string, text: string): Promise<void> {
  const output = await openFileOutput(path);
  try {
    await output.write(text);
    await output.finish();
  } catch (error) {
    await output.discard();
    throw error;
  }
}
