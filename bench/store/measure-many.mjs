// Many partitions of ten entries each.
import { Child } from "./child.mjs";
import { toFigure, toLatencyFigures } from "./figures.mjs";
import { diskBytes } from "./measure-one.mjs";
import { createRandom } from "./random.mjs";

const ENTRIES = 10;
const IN_FLIGHT = 256;
/** Partitions that are searched. */
const MOST_ASKED = 2_000;

/** @returns {Promise<import("./figures.mjs").SizedFigure[]>} */
export async function measureMany({ partitions, folder, sentences, tell }) {
  const size = partitions * ENTRIES;
  const figures = [];
  const name = (figure) => `${partitions.toLocaleString("en")} partitions of ${ENTRIES}: ${figure}`;
  const child = new Child("store-process.mjs");
  tell(`store: ${partitions} partitions of ${ENTRIES} entries`);
  try {
    await child.ask("open", { folder, sentences, perPartition: ENTRIES });
    const filled = await child.ask("fill", { from: 0, to: size, inFlight: IN_FLIGHT });
    figures.push(toFigure(name("inserts"), size, "/s", size / filled.seconds));
    await child.ask("close");
  } finally {
    await child.stop();
  }
  const again = new Child("store-process.mjs");
  try {
    const opened = await again.ask("open", { folder, sentences, perPartition: ENTRIES });
    const first = await again.ask("first");
    figures.push(toFigure(name("restart, loaded"), size, "s", opened.ms / 1000));
    figures.push(
      toFigure(name("restart, first nearest 8 answered"), size, "s", (opened.ms + first.ms) / 1000, { atMost: 10 }),
    );
    const asked = Math.min(partitions, MOST_ASKED);
    const random = createRandom(partitions);
    const numbers = Array.from({ length: asked }, () => Math.floor(random() * size));
    const { coldMs, warmMs } = await again.ask("partitions", { numbers });
    figures.push(...toLatencyFigures(name("nearest 8 for the first time"), size, "ms", [coldMs]));
    figures.push(...toLatencyFigures(name("nearest 8 again"), size, "ms", [warmMs]));
    const some = await again.ask("memory");
    // All of them at once in memory: the most they can cost.
    await again.ask("partitions", { numbers: Array.from({ length: partitions }, (_, at) => at * ENTRIES) });
    const all = await again.ask("memory");
    const perEntry = ({ privateBytes }) => (privateBytes - opened.privateBytes) / size / 1000;
    if (opened.privateBytes !== null) {
      figures.push(toFigure(name(`private memory per entry, ${asked} in use`), size, "kB", perEntry(some)));
      figures.push(toFigure(name("private memory per entry, all in use"), size, "kB", perEntry(all), { atMost: 2 }));
    }
    figures.push(toFigure(name("disk per entry"), size, "kB", diskBytes(folder) / size / 1000));
    await again.ask("close");
  } finally {
    await again.stop();
  }
  return figures;
}
