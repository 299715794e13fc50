import type { GuardFinding } from "../../model/verdict.ts";
import type { Guard } from "../guard.ts";
import type { PromptPair } from "../verifier.ts";
import { compareHidden } from "./compare-hidden.ts";
import { compareLayout } from "./compare-layout.ts";
import { codeOfKind } from "./difference.ts";
import { MAX_GUARDED_CHARS, toDifferencesOf } from "./differences.ts";
import { effectOfKind } from "./effects.ts";
import { toPromptText } from "./prompt-text.ts";

/** The words of one finding are for people: longer lists are cut. */
const MAX_FINDING_CHARS = 200;

/** The guard over all checks of this folder. The strongest findings come first. */
export function createPromptGuard(): Guard {
  return { id: "prompt-guard/4", compare: findingsOf };
}

function findingsOf({ a, b }: PromptPair): readonly GuardFinding[] {
  if (a === b) return [];
  if (a.length > MAX_GUARDED_CHARS || b.length > MAX_GUARDED_CHARS)
    return [{ code: codeOfKind.unread, a: "", b: "", effect: effectOfKind.unread }];
  const differences = [
    ...compareHidden(a, b),
    ...compareLayout(a, b),
    ...toDifferencesOf(toPromptText(a), toPromptText(b)),
  ];
  const findings = differences.map((difference): GuardFinding => ({
    code: codeOfKind[difference.kind],
    a: difference.a.slice(0, MAX_FINDING_CHARS),
    b: difference.b.slice(0, MAX_FINDING_CHARS),
    effect: effectOfKind[difference.kind],
  }));
  return findings.toSorted((one, other) => strength[other.effect] - strength[one.effect]);
}

const strength = { veto: 2, bar: 1, note: 0 } as const;
