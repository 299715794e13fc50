// Reads JSON lines {a, b, cos, logit} on stdin and writes, per line, the guard's strongest effect and the features that
// the product computes, so that the fit and the product cannot disagree. Argument: the folder of the built product.
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const dist = resolve(process.argv[2] ?? "dist");
const load = (path) => import(pathToFileURL(`${dist}/${path}`).href);
const { createPromptGuard } = await load("matching/guard/prompt-guard.js");
const { featureNames, toFeatures } = await load("matching/calibration/features.js");
const { toHarmlessForm } = await load("matching/harmless-form.js");

const guard = createPromptGuard();
process.stdout.write(`${JSON.stringify({ guard: guard.id, featureNames })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { a, b, cos, logit } = JSON.parse(line);
  const findings = guard.compare({ a, b });
  const features = toFeatures({ pair: { a, b }, similarity: cos, logit: logit ?? -9, findings });
  const vetoes = findings.filter((finding) => finding.effect === "veto").map((finding) => finding.code);
  process.stdout.write(`${JSON.stringify({ vetoes, features, same: toHarmlessForm(a) === toHarmlessForm(b) })}\n`);
}
