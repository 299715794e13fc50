// `npm run bench [-- PART...] [--json FILE] [--effort smoke|quick|usual|long]`: measures the built product and prints
// one table. Parts say how they measure at the top of their files in parts/. Everything is compared within one run:
// figures of different runs or machines say little about each other. A target that is missed does not fail the run:
// whether the machine had time for it is for the reader to judge, who is told its load.
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureDashboardPage } from "./parts/dashboard-page.mjs";
import { measureEventLoop } from "./parts/event-loop.mjs";
import { measureExactHits } from "./parts/exact-hits.mjs";
import { measureFirstByte } from "./parts/first-byte.mjs";
import { measureLookupSteps } from "./parts/lookup-steps.mjs";
import { measureMemory } from "./parts/memory.mjs";
import { measureSemanticHit } from "./parts/semantic-hit.mjs";
import { measureStorePart } from "./parts/store.mjs";
import { measureStreamChunks } from "./parts/stream-chunks.mjs";
import { efforts } from "./support/effort.mjs";
import { encodeTable, meetsTarget } from "./support/table.mjs";

const parts = {
  "exact-hits": measureExactHits,
  "first-byte": measureFirstByte,
  "stream-chunks": measureStreamChunks,
  "semantic-hit": measureSemanticHit,
  "event-loop": measureEventLoop,
  "lookup-steps": measureLookupSteps,
  memory: measureMemory,
  "dashboard-page": measureDashboardPage,
  store: measureStorePart,
};
/** Takes many minutes: measured when it is named. */
const byNameOnly = new Set(["store"]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    effort: { type: "string", default: "usual" },
    "node-option": { type: "string", multiple: true, default: [] },
  },
});
const effort = efforts[values.effort];
const wanted = positionals.length === 0 ? Object.keys(parts).filter((name) => !byNameOnly.has(name)) : positionals;
const unknown = wanted.filter((name) => !Object.hasOwn(parts, name));
if (effort === undefined || unknown.length > 0) {
  console.error(
    effort === undefined
      ? `Cannot measure with effort "${values.effort}": allowed are ${Object.keys(efforts).join(", ")}`
      : `Cannot measure "${unknown.join(", ")}": the parts are ${Object.keys(parts).join(", ")}`,
  );
  process.exit(2);
}

const figures = [];
for (const name of wanted) {
  const started = performance.now();
  process.stderr.write(`${name}...`);
  figures.push(...(await parts[name]({ ...effort, nodeOptions: values["node-option"] })));
  process.stderr.write(` ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
}

const machine = {
  node: process.version,
  cpus: availableParallelism(),
  load: loadavg().map((value) => Number(value.toFixed(2))),
};
console.log(encodeTable(figures));
console.log(`Node.js ${machine.node}, ${machine.cpus} CPUs, load average ${machine.load.join(" ")} at the end`);
if (values.json !== undefined) {
  const rows = figures.map((figure) => ({ ...figure, met: meetsTarget(figure) }));
  writeFileSync(values.json, `${JSON.stringify({ effort: values.effort, machine, figures: rows }, null, 2)}\n`);
}
