import { useState } from "preact/hooks";
import { toPromptMarks } from "../prompt-marks.ts";
import { Button } from "./button.tsx";
import { describeFault, judge, type PlaygroundJudgement } from "./api-client.ts";
import { explainReason } from "./decision-outcome.ts";
import { FaultNotice } from "./fault-notice.tsx";
import { formatShare } from "./format.ts";
import { JudgementView } from "./judgement-view.tsx";
import { MarkedText } from "./marked-text.tsx";

const examples: readonly (readonly [a: string, b: string])[] = [
  ["How do I reset my password?", "How can I reset my password?"],
  ["What is the capital of France?", "What is the capital of Spain?"],
  ["Convert 10 miles to kilometers", "Convert 20 miles to kilometers"],
];

interface Judged {
  readonly a: string;
  readonly b: string;
  readonly judgement: PlaygroundJudgement;
}

/** Two prompts in, the whole judgement out: by the code that judges lookups. */
export function Playground() {
  const [a, setA] = useState("");
  const [b, setB] = useState("");
  const [partition, setPartition] = useState("");
  const [judged, setJudged] = useState<Judged | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const compare = async (pair: { readonly a: string; readonly b: string }) => {
    setBusy(true);
    setFault(null);
    try {
      const of = partition.trim() === "" ? {} : { partition: partition.trim() };
      setJudged({ ...pair, judgement: await judge({ ...pair, ...of }) });
    } catch (error) {
      setJudged(null);
      setFault(describeFault(error));
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && a !== "" && b !== "") void compare({ a, b });
  };
  return (
    <section class="panel" aria-label="Playground">
      <p class="dim">Would the second prompt be served the answer to the first, everything else being equal?</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void compare({ a, b });
        }}
        onKeyDown={onKeyDown}
      >
        <div class="pair">
          <label class="field">
            Stored prompt
            <textarea rows={5} required value={a} onInput={({ currentTarget }) => setA(currentTarget.value)} />
          </label>
          <label class="field">
            Asked prompt
            <textarea rows={5} required value={b} onInput={({ currentTarget }) => setB(currentTarget.value)} />
          </label>
        </div>
        <details>
          <summary>In a partition of its own verdicts</summary>
          <label class="field">
            Partition, as an entry shows it
            <input value={partition} onInput={({ currentTarget }) => setPartition(currentTarget.value)} />
          </label>
        </details>
        <div class="actions">
          <button type="submit" class="primary" disabled={busy || a === "" || b === ""}>
            {busy ? "Judging…" : "Judge"}
          </button>
          <Button
            onClick={() => {
              setA(b);
              setB(a);
            }}
          >
            Swap
          </Button>
          <span class="inline">
            <span class="dim">Try:</span>
            {examples.map(([first, second], index) => (
              <Button
                key={first}
                class="quiet"
                onClick={() => {
                  setA(first);
                  setB(second);
                  void compare({ a: first, b: second });
                }}
              >
                {["same meaning", "another country", "another number"][index]}
              </Button>
            ))}
          </span>
        </div>
      </form>
      <FaultNotice text={fault} />
      <div aria-live="polite">{judged && <Result judged={judged} />}</div>
    </section>
  );
}

function Result({ judged: { a, b, judgement } }: { readonly judged: Judged }) {
  const { verdict, reason, guard, maxErrorRate } = judgement;
  const marks = toPromptMarks({ asked: b, matched: a, guard });
  return (
    <div class="card result">
      <h2 class={`verdict ${verdict}`}>
        {verdict === "hit" ? "Hit: it would be served" : "Miss: the provider is asked"}
      </h2>
      {reason && (
        <p>
          <code>{reason}</code> {explainReason(reason)}
        </p>
      )}
      <div class="pair">
        <section aria-label="Stored prompt">
          <h3>Stored</h3>
          <MarkedText text={a} marks={marks.matched} />
        </section>
        <section aria-label="Asked prompt">
          <h3>Asked</h3>
          <MarkedText text={b} marks={marks.asked} />
        </section>
      </div>
      <JudgementView judgement={judgement} />
      <p class="dim">Judged for at most {formatShare(maxErrorRate, 3)} wrong answers among the hits by meaning.</p>
    </div>
  );
}
