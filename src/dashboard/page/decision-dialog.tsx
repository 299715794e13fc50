import { useState } from "preact/hooks";
import type { DeskDecision } from "../desk-api.ts";
import { Button } from "./button.tsx";
import { canBeCalled, explainReason, isFailure, isHit, toOutcome } from "./decision-outcome.ts";
import { Dialog } from "./dialog.tsx";
import { openEntry } from "./entry-dialog.tsx";
import { Facts, type Fact } from "./facts.tsx";
import { formatBytes, formatCount, formatDateTime, formatMs } from "./format.ts";
import { giveFeedback } from "./give-feedback.ts";
import { JudgementView } from "./judgement-view.tsx";
import { MarkedText } from "./marked-text.tsx";

/** All that is known of one decision, and the two buttons. */
export function DecisionDialog({ shown, onClose }: { readonly shown: DeskDecision; readonly onClose: () => void }) {
  const [decision, setDecision] = useState(shown);
  const [busy, setBusy] = useState(false);
  const { kind, label } = toOutcome(decision);
  const tell = async (verdict: "right" | "wrong") => {
    setBusy(true);
    setDecision(await giveFeedback(decision, verdict));
    setBusy(false);
  };
  return (
    <Dialog
      wide
      onClose={onClose}
      title={
        <>
          <span class={`badge ${kind}`}>{label}</span> {formatDateTime(decision.startedAtMs)}
        </>
      }
    >
      {decision.reason && (
        <p>
          <code>{decision.reason}</code> {explainReason(decision.reason)}
        </p>
      )}
      {decision.stale && (
        <p>
          <code>{decision.stale}</code> {explainReason(decision.stale)}
        </p>
      )}
      {decision.frameDifference && (
        <p>
          Nearest to what was asked before, but it differs in: <b>{decision.frameDifference}</b>
        </p>
      )}
      <Prompts decision={decision} />
      <JudgementView judgement={decision} />
      {canBeCalled(decision) && (
        <div class="actions">
          <Button disabled={busy || decision.feedback !== null} onClick={() => void tell("right")}>
            This hit was right
          </Button>
          <Button class="danger" disabled={busy || decision.feedback !== null} onClick={() => void tell("wrong")}>
            This hit was wrong
          </Button>
          {decision.entry && <Button onClick={() => openEntry(decision.entry ?? "")}>Show the entry</Button>}
          {decision.feedback && <span class="dim">Called {decision.feedback}.</span>}
        </div>
      )}
      <h3>Request</h3>
      <Facts facts={toFacts(decision)} />
    </Dialog>
  );
}

function Prompts({ decision }: { readonly decision: DeskDecision }) {
  const { prompts } = decision;
  if (prompts === null) return <p class="dim">Prompts were not shown when this was decided, so none is kept.</p>;
  return (
    <div class="pair">
      <section aria-label="Asked">
        <h3>Asked</h3>
        <MarkedText text={prompts.asked} marks={prompts.marks.asked} />
      </section>
      {prompts.matched !== null && (
        <section aria-label="Stored prompt">
          <h3>{isHit(decision) ? "Answered with the answer to" : "Compared with"}</h3>
          <MarkedText text={prompts.matched} marks={prompts.marks.matched} />
        </section>
      )}
    </div>
  );
}

function toFacts(decision: DeskDecision): readonly Fact[] {
  const { usage, phasesMs, lookupMs } = decision;
  const steps = [...Object.entries(phasesMs), ...Object.entries(lookupMs)];
  return [
    ["Request", <code>{decision.id}</code>],
    ["Entry", decision.entry && <code>{decision.entry}</code>],
    ["Model", decision.model],
    ["Route", `${decision.method} ${decision.path}`],
    ["Provider", decision.upstream],
    ["Tenant", decision.tenant && <code>{decision.tenant}</code>],
    ["Namespace", decision.namespace],
    ["Frame", decision.frame && <code>{decision.frame}</code>],
    ["Streamed", decision.stream ? "yes" : "no"],
    ["Status", decision.status === 0 ? "the client left" : String(decision.status)],
    ["Error", isFailure(decision) ? decision.error : null],
    [
      "Stored",
      decision.stored ? "yes" : decision.notStored && `no: ${decision.notStored}, ${explainReason(decision.notStored)}`,
    ],
    ["Tokens", usage && `${formatCount(usage.inputTokens)} in, ${formatCount(usage.outputTokens)} out`],
    ["Tokens saved", decision.savedTokens === null ? null : formatCount(decision.savedTokens)],
    ["Time saved", decision.savedMs === null ? null : formatMs(decision.savedMs)],
    ["Time taken", formatMs(decision.durationMs)],
    ["First byte", decision.timeToFirstByteMs === null ? null : formatMs(decision.timeToFirstByteMs)],
    ["Of it", steps.length === 0 ? null : steps.map(([name, ms]) => `${name} ${formatMs(ms)}`).join(" · ")],
    ["Bytes", `${formatBytes(decision.requestBytes)} asked, ${formatBytes(decision.responseBytes)} answered`],
  ];
}
