// What the built product makes of the pairs and attacks of this folder, by kind.
//
//   npm run build && node test/quality/report.mjs [--missed] [--commit]
//
// --missed lists the must-hit pairs that were missed. --commit makes the recall of this run, pooled and of each kind, the
// one that the gate demands from now on. False hits and attacks cannot be committed: their limits stand in the gate.
import { readFileSync, writeFileSync } from "node:fs";
import { createLoader } from "./load-typescript.mjs";

const { load, close: closeLoader } = await createLoader();
try {
  const { readMaterial, findGaps } = await load("labelled-prompts.ts");
  const { assess, findMissed, toCommitted } = await load("assessment.ts");
  const { renderAssessment, renderPair } = await load("assessment-table.ts");
  const { createProductJudge } = await load("product-judge.ts");
  const committedFile = new URL("committed.json", import.meta.url);
  const material = readMaterial();
  const gaps = findGaps(material);
  if (gaps.length > 0) process.stderr.write(`${gaps.join("\n")}\n`);
  const { judge, close } = await createProductJudge();
  const assessment = await assess(material, judge);
  await close();
  if (process.argv.includes("--missed"))
    process.stdout.write(`${findMissed(assessment).map(renderPair).join("\n")}\n\n`);
  if (process.argv.includes("--commit"))
    writeFileSync(committedFile, `${JSON.stringify(toCommitted(assessment), null, 2)}\n`);
  process.stdout.write(`${renderAssessment(assessment, JSON.parse(readFileSync(committedFile, "utf8")))}\n`);
} finally {
  await closeLoader();
}
