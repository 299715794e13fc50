import type { Clock } from "../../base/clock.ts";
import type { StateStore } from "../../store/state-store.ts";
import type { EgressProxySetting } from "../../upstream/egress-proxy.ts";
import { createNodeHttpClient } from "../../upstream/node-http-client.ts";
import { createUpstreamPolicy } from "../../upstream/upstream-policy.ts";
import type { AnswerJudge, JudgeOutcome } from "./answer-judge.ts";
import { JudgeBudget } from "./judge-budget.ts";
import { createLlmJudge } from "./llm-judge.ts";

/** `matching.judge`. */
export interface JudgeSettings {
  readonly url: string;
  readonly model: string;
  readonly apiKey: string | null;
  readonly maxCallsPerDay: number;
  readonly timeoutMs: number;
}

export interface OpenJudge extends AnswerJudge {
  /** Calls that may still be made today (UTC). */
  readonly callsLeft: number;
  close(): Promise<void>;
}

/**
 * The configured judge with connections of its own: its address is allowed to nobody but it, and it may call no other.
 *
 * @throws {SemcacheError} `config-invalid`: the proxy
 */
export function openJudge(
  settings: JudgeSettings,
  options: {
    readonly state: StateStore;
    readonly clock: Clock;
    readonly proxy: EgressProxySetting;
    readonly connectMs: number;
    readonly onOutcome: (outcome: JudgeOutcome, tokens: number) => void;
  },
): OpenJudge {
  const { url, model, apiKey, timeoutMs, maxCallsPerDay } = settings;
  const { state, clock, proxy, connectMs, onOutcome } = options;
  const policy = createUpstreamPolicy({
    allow: [],
    allowPublic: false,
    providers: [url],
    viaEgressProxy: proxy !== null,
  });
  const timeouts = { connectMs: Math.min(connectMs, timeoutMs), headersMs: timeoutMs, idleMs: timeoutMs };
  const client = createNodeHttpClient({ policy, timeouts, proxy });
  const budget = new JudgeBudget({ state, clock, maxCallsPerDay });
  const judge = createLlmJudge({ url, model, apiKey, timeoutMs, budget, upstream: client, onOutcome });
  return {
    ask: (...question) => judge.ask(...question),
    get callsLeft() {
      return budget.left;
    },
    close: () => client.close(),
  };
}
