import { randomBytes } from "node:crypto";
import { withDeadline } from "../../base/deadline.ts";
import { readAnswerUsage } from "../../formats/openai-chat/read-answer-usage.ts";
import { untracedBackground, type CallTracer } from "../../telemetry/tracing/tracing.ts";
import { collectTraced } from "../../upstream/traced-call.ts";
import type { UpstreamClient } from "../../upstream/upstream-client.ts";
import type { AnswerJudge, JudgeOutcome } from "./answer-judge.ts";
import type { AnswerPair } from "./compare-answers.ts";
import type { JudgeBudget } from "./judge-budget.ts";
import { MAX_JUDGED_CHARS, parseJudgeReply, toJudgeRequest } from "./judge-question.ts";
import type { HitVerdict } from "./trust.ts";

export interface LlmJudgeOptions {
  /** Base URL of an OpenAI-compatible API, or its `/chat/completions` itself. */
  readonly url: string;
  readonly model: string;
  readonly apiKey: string | null;
  readonly timeoutMs: number;
  readonly budget: Pick<JudgeBudget, "take">;
  /** Its policy allows the URL; no caller's request goes through it. */
  readonly upstream: Pick<UpstreamClient, "call">;
  readonly onOutcome: (outcome: JudgeOutcome, tokens: number) => void;
}

/** Further pairs meanwhile are not asked about: they are a sample anyway. */
const MAX_UNDER_WAY = 4;
/** A verdict is a line; more is cut off, and is none. */
const MAX_REPLY_BYTES = 256 * 1024;

/** A language model at any OpenAI-compatible endpoint. */
export function createLlmJudge(options: LlmJudgeOptions): AnswerJudge {
  const { model, apiKey, timeoutMs, budget, upstream, onOutcome } = options;
  const url = toCompletionsUrl(options.url);
  let underWay = 0;

  async function call(pair: AnswerPair, signal: AbortSignal, tracer: CallTracer) {
    const check = randomBytes(9).toString("base64url");
    const body = Buffer.from(JSON.stringify(toJudgeRequest(pair, { model, check })));
    const request = {
      url,
      method: "POST",
      headers: Object.entries({
        host: url.host,
        "content-type": "application/json",
        accept: "application/json",
        "accept-encoding": "identity",
        "content-length": String(body.length),
        ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
      }).flat(),
      body,
    };
    const limits = { maxBytes: MAX_REPLY_BYTES, signal };
    const trace = tracer.call({ method: "POST", url, dialect: "openai-chat", model, stream: false });
    const answer = await collectTraced(upstream, request, trace, limits);
    trace.end({ usage: answer && readAnswerUsage({ shape: "json", body: answer.body }) });
    return answer && { reply: parseJudgeReply(answer.body.toString("utf8"), check) };
  }

  async function ask(
    pair: AnswerPair,
    tracer: CallTracer,
    signal?: AbortSignal,
  ): Promise<{ outcome: JudgeOutcome; tokens: number }> {
    if (pair.question.length + pair.served.length + pair.fresh.length > MAX_JUDGED_CHARS) {
      return { outcome: "too-long", tokens: 0 };
    }
    if (underWay >= MAX_UNDER_WAY) return { outcome: "busy", tokens: 0 };
    if (!budget.take()) return { outcome: "spent", tokens: 0 };
    underWay++;
    try {
      const answered = await withDeadline(
        { phase: "the judge's verdict", timeoutMs, code: "upstream-idle-timeout", signal },
        (waiting) => call(pair, waiting, tracer),
      );
      if (answered === null) return { outcome: "failed", tokens: 0 };
      return { outcome: answered.reply?.verdict ?? "garbled", tokens: answered.reply?.tokens ?? 0 };
    } catch {
      return { outcome: "failed", tokens: 0 };
    } finally {
      underWay--;
    }
  }

  return {
    async ask(pair, signal, tracer = untracedBackground) {
      const { outcome, tokens } = await ask(pair, tracer, signal);
      onOutcome(outcome, tokens);
      return toVerdict(outcome);
    },
  };
}

function toVerdict(outcome: JudgeOutcome): HitVerdict {
  if (outcome === "same") return "right";
  return outcome === "different" ? "wrong" : "unsure";
}

/** As the clients of these APIs take a base URL: with or without the path of the one call. */
function toCompletionsUrl(base: string): URL {
  const url = new URL(base);
  const path = url.pathname.replace(/\/$/, "");
  url.pathname = path.endsWith("/chat/completions") ? path : `${path}/chat/completions`;
  return url;
}
