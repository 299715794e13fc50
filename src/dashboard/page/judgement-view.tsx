import type { GuardFinding } from "../../model/verdict.ts";
import { explainReason } from "./decision-outcome.ts";
import { formatScore } from "./format.ts";
import { Meter } from "./meter.tsx";

export interface JudgementShown {
  readonly similarity: number | null;
  readonly compared?: "prompts" | "window" | null;
  readonly verifier: number | null;
  readonly confidence: number | null;
  readonly threshold: number | null;
  readonly guard: readonly GuardFinding[];
}

const effects: Readonly<Record<GuardFinding["effect"], string>> = {
  veto: "never a hit",
  bar: "must be surer",
  note: "told, not counted",
};

/** Cosine, confidence against its bar, the verifier's logit, and what the guard found. */
export function JudgementView({ judgement }: { readonly judgement: JudgementShown }) {
  const { similarity, compared, verifier, confidence, threshold, guard } = judgement;
  return (
    <>
      <dl class="scores">
        <div>
          <dt>Similarity</dt>
          <dd>{formatScore(similarity)}</dd>
          <Meter label="Similarity" value={similarity ?? 0} isPoor={false} text={formatScore(similarity)} />
          <p class="dim">
            {similarity === null
              ? "Nothing was compared by meaning."
              : compared === "window"
                ? "Cosine of what the two long prompts ask; all the rest is equal."
                : "Cosine of the two prompts."}
          </p>
        </div>
        <div>
          <dt>Confidence</dt>
          <dd>{formatScore(confidence)}</dd>
          <Meter
            label="Confidence"
            value={confidence ?? 0}
            mark={threshold}
            isPoor={threshold !== null && confidence !== null && confidence < threshold}
            text={formatScore(confidence) + (threshold === null ? "" : `, needed ${formatScore(threshold)}`)}
          />
          <p class="dim">
            {confidence === null
              ? "Decided before one was computed."
              : threshold === null
                ? "No confidence was enough here, or none was needed."
                : `${confidence >= threshold ? "At or above" : "Under"} the bar of ${formatScore(threshold)}.`}
          </p>
        </div>
        <div>
          <dt>Verifier</dt>
          <dd>{formatScore(verifier)}</dd>
          <p class="dim">
            {verifier === null ? "Not asked: guard or cosine had decided." : "Logit: over 0 is for, under 0 against."}
          </p>
        </div>
      </dl>
      <h3>Guard</h3>
      {guard.length === 0 ? (
        <p class="dim">It found no difference that could change the answer.</p>
      ) : (
        <ul class="findings">
          {guard.map((finding, index) => (
            <li key={index} class={finding.effect}>
              <GuardWords finding={finding} />
              <span class="dim">
                <code>{finding.code}</code> · {explainReason(finding.code)} · {effects[finding.effect]}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Nothing where prompts are not kept: the words are of them. */
export function GuardWords({ finding: { a, b } }: { readonly finding: GuardFinding }) {
  if (!a && !b) return null;
  return (
    <span class="guard-words">
      <mark class="guard">{a || "∅"}</mark>
      <span aria-label="against"> ≠ </span>
      <mark class="guard">{b || "∅"}</mark>
    </span>
  );
}
