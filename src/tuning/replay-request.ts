import type { CachePlanSettings } from "../cache/cache-plan.ts";
import { createTenantResolver } from "../cache/tenant.ts";
import type { DialectName } from "../model/dialect-name.ts";
import type { ExactKey, PartitionKey } from "../model/keys.ts";
import type { BypassReason, MissReason } from "../model/reason.ts";
import { isVolatilePrompt } from "../matching/volatile-prompt.ts";
import { understand, type UnderstandingRecord } from "../proxy/understand.ts";
import type { Dialects } from "../proxy/interpret-exchange.ts";
import { exchangeRoutes } from "../transfer/import-line.ts";
import type { UpstreamPolicy } from "../upstream/upstream-policy.ts";
import type { Dialect } from "../formats/dialect.ts";
import type {
  AnswerLabel,
  AskedBefore,
  AskedBody,
  LoggedAnswer,
  LoggedRequest,
  LoggedTokens,
} from "./logged-request.ts";

/** A request of a log as the proxy would have understood it: what a replay needs of it, and no more. */
export interface ReplayRequest {
  /** In the log, from 1. */
  readonly line: number;
  readonly partition: PartitionKey;
  readonly exactKey: ExactKey;
  /** The empty string where only equal requests match: long documents are not kept in memory. */
  readonly promptText: string;
  /** Why only equal requests match; null: by meaning too. */
  readonly exactOnly: MissReason | null;
  readonly ttlMs: number;
  readonly isVolatile: boolean;
  readonly timeMs: number | null;
  readonly model: string | null;
  readonly tokens: LoggedTokens | null;
  readonly label: AnswerLabel;
  /** What the answer was; null: not told, or too long to be compared. */
  readonly answerText: string | null;
  /** What the cache would have kept of the answer. Where the log has none it is taken for one that can be kept. */
  readonly keeps: "by-meaning" | "exact" | "nothing";
  /** Short digests of the frame's parts, to tell in which requests differ; null: not known. */
  readonly frameParts: Readonly<Record<string, string>> | null;
}

export type Understood =
  | { readonly kind: "request"; readonly request: ReplayRequest }
  | { readonly kind: "bypass"; readonly reason: BypassReason };

export interface UnderstandOptions {
  readonly dialects: Dialects;
  readonly policy: UpstreamPolicy;
  readonly providers: { readonly openai: string; readonly anthropic: string };
  readonly plan: CachePlanSettings;
  readonly ignoreFields: Readonly<Record<DialectName, readonly string[]>>;
  readonly varyHeaders: readonly string[];
  readonly maxRequestBytes: number;
}

/** Longer answers are not kept for comparing: thousands of them wait in memory. */
const MAX_ANSWER_CHARS = 4_000;

/**
 * Reads logged requests with the proxy's own code: the same frame, partition, keys and plan as if they had come in.
 * Tenants of a log are credentials here; requests without one share a tenant.
 */
export function createLogUnderstanding(
  options: UnderstandOptions,
): (logged: LoggedRequest, line: number) => Understood {
  const { dialects, policy, providers, plan, ignoreFields, varyHeaders, maxRequestBytes } = options;
  // The digests of this replay are seen by nobody.
  const tenants = createTenantResolver({ tenancy: "credential", secret: Buffer.from("replay") });
  const understanding = { dialects, policy, tenants, settings: { providers, plan, ignoreFields, varyHeaders } };

  function fromBody(asked: AskedBody, logged: LoggedRequest, line: number): Understood {
    const bytes = Buffer.from(asked.text, "utf8");
    if (bytes.length > maxRequestBytes) return { kind: "bypass", reason: "too-large" };
    const rawHeaders = asked.tenant === null ? [] : ["authorization", asked.tenant];
    const understood = understand(
      understanding,
      {
        route: exchangeRoutes[asked.path],
        target: asked.path,
        body: { kind: "whole", bytes },
        request: { rawHeaders, headers: {} },
      },
      nobodysRecord(),
    );
    if (understood.kind === "bypass") return { kind: "bypass", reason: understood.reason };
    const { plan: made, dialect, promptText } = understood;
    const answer = examine(dialect, logged.answer);
    return {
      kind: "request",
      request: {
        line,
        partition: understood.partition,
        exactKey: understood.exactKey,
        promptText: made.read === "semantic" ? promptText : "",
        exactOnly: made.read === "semantic" ? null : (made.exactOnlyReason ?? "no-candidate"),
        ttlMs: made.ttlMs,
        isVolatile: made.exactOnlyReason === "volatile",
        timeMs: logged.timeMs,
        model: understood.request.model,
        tokens: logged.tokens ?? answer.tokens,
        label: logged.label,
        answerText: answer.text,
        keeps: made.write ? answer.keeps : "nothing",
        frameParts: understood.frame.parts,
      },
    };
  }

  function fromBefore(asked: AskedBefore, logged: LoggedRequest, line: number): Understood {
    const isVolatile = isVolatilePrompt(asked.prompt);
    const exactOnly = asked.exactOnly ?? (isVolatile ? "volatile" : null);
    const ttlMs = isVolatile ? Math.min(plan.ttlMs, plan.volatileTtlMs) : plan.ttlMs;
    const { partition, exactKey, model } = asked;
    const { timeMs, tokens, label } = logged;
    const keeps = ttlMs <= 0 ? "nothing" : "by-meaning";
    const promptText = exactOnly === null ? asked.prompt : "";
    const known = { line, partition, exactKey, promptText, exactOnly, ttlMs, isVolatile, timeMs, model, tokens, label };
    return { kind: "request", request: { ...known, answerText: null, keeps, frameParts: null } };
  }

  return (logged, line) => {
    const { asked } = logged;
    return asked.kind === "body" ? fromBody(asked, logged, line) : fromBefore(asked, logged, line);
  };
}

interface ExaminedAnswer extends Pick<ReplayRequest, "keeps" | "tokens"> {
  readonly text: string | null;
}

/** The proxy's own examination decides whether this answer would have become an entry. */
function examine(dialect: Dialect, answer: LoggedAnswer | null): ExaminedAnswer {
  if (answer === null) return { keeps: "by-meaning", tokens: null, text: null };
  if (answer.kind === "text") return { keeps: "by-meaning", tokens: null, text: toComparedText(answer.text) };
  const shape = answer.text.trimStart().startsWith("{") ? "json" : "stream";
  const examined = dialect.examine({
    status: answer.status,
    contentType: shape === "json" ? "application/json" : "text/event-stream",
    shape,
    body: Buffer.from(answer.text, "utf8"),
    framingComplete: true,
  });
  if (examined.kind === "refused") return { keeps: "nothing", tokens: null, text: null };
  const { usage } = examined;
  return {
    keeps: examined.semantic ? "by-meaning" : "exact",
    tokens: usage && { total: usage.inputTokens + usage.outputTokens, usage },
    text: toComparedText(examined.text),
  };
}

function toComparedText(text: string): string | null {
  return text === "" || text.length > MAX_ANSWER_CHARS ? null : text;
}

/** Of a replay there is no report for each request. */
function nobodysRecord(): UnderstandingRecord {
  return { enter: () => undefined, upstream: null, frame: null, dialect: null, model: null, stream: false };
}
