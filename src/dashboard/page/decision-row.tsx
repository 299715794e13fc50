import type { DeskDecision } from "../desk-api.ts";
import { Button } from "./button.tsx";
import { canBeCalled, explainReason, isFailure, toOutcome } from "./decision-outcome.ts";
import { formatMs, formatScore, formatTime } from "./format.ts";
import { giveFeedback } from "./give-feedback.ts";
import { GuardWords } from "./judgement-view.tsx";
import { MarkedText } from "./marked-text.tsx";

/** A row of the grid of decisions, `top` pixels under the first. */
export function DecisionRow({
  decision,
  index,
  top,
  isActive,
  onOpen,
}: {
  readonly decision: DeskDecision;
  readonly index: number;
  readonly top: number;
  readonly isActive: boolean;
  readonly onOpen: () => void;
}) {
  const { kind, label } = toOutcome(decision);
  const { confidence, threshold, verifier } = decision;
  return (
    <div
      role="row"
      id={`decision-${decision.id}`}
      aria-rowindex={index + 2}
      aria-selected={isActive}
      class={`grid-row ${isActive ? "active" : ""}`}
      style={{ top: `${top}px` }}
      onClick={onOpen}
    >
      <span role="gridcell" class="time">
        {formatTime(decision.startedAtMs)}
      </span>
      <span role="gridcell" class="outcome">
        <span class={`badge ${kind}`}>{label}</span>
        {isFailure(decision) && <span class="badge failure">{decision.status === 0 ? "left" : decision.status}</span>}
      </span>
      <span role="gridcell" class="details">
        <Details decision={decision} />
      </span>
      <span role="gridcell" class="model" title={decision.model ?? ""}>
        {decision.model ?? "–"}
      </span>
      <span role="gridcell" class="number" data-label="similarity">
        {formatScore(decision.similarity)}
      </span>
      <span role="gridcell" class="number" data-label="confidence">
        {formatScore(confidence)}
        {threshold !== null && <small> / {formatScore(threshold)}</small>}
        {verifier !== null && (
          <small class="verifier" title="The verifier's logit">
            verifier {formatScore(verifier)}
          </small>
        )}
      </span>
      <span role="gridcell" class="number" data-label="took">
        {formatMs(decision.durationMs)}
      </span>
      <span role="gridcell" class="verdict">
        <Verdict decision={decision} />
      </span>
    </div>
  );
}

function Details({ decision }: { readonly decision: DeskDecision }) {
  const { prompts, guard, reason, stale, frameDifference } = decision;
  const code = stale ?? reason;
  return (
    <>
      {prompts && <MarkedText text={prompts.asked} marks={prompts.marks.asked} />}
      <span class="why">
        {prompts?.matched && prompts.matched !== prompts.asked && (
          <>
            <span class="dim">against </span>
            <MarkedText text={prompts.matched} marks={prompts.marks.matched} />
          </>
        )}
        {code && (
          <code title={explainReason(code)}>
            {code}
            {frameDifference && `: ${frameDifference}`}
          </code>
        )}{" "}
        {guard.slice(0, 3).map((finding, at) => (
          <GuardWords key={at} finding={finding} />
        ))}
      </span>
    </>
  );
}

function Verdict({ decision }: { readonly decision: DeskDecision }) {
  if (decision.feedback !== null) return <span class={`badge told-${decision.feedback}`}>{decision.feedback}</span>;
  if (!canBeCalled(decision)) return null;
  const tell = (verdict: "right" | "wrong") => (event: Event) => {
    event.stopPropagation();
    void giveFeedback(decision, verdict);
  };
  // Out of the order of tabs: ten thousand rows have the keys w and r, and the dialog.
  return (
    <>
      <Button class="small" tabIndex={-1} title="This hit was right" onClick={tell("right")}>
        Right
      </Button>
      <Button class="small danger" tabIndex={-1} title="This hit was wrong" onClick={tell("wrong")}>
        Wrong
      </Button>
    </>
  );
}
