import { compareLabels, labelKindOf, toPairKey } from "./replay.mjs";

/** For reading: what the product served wrongly by label, at its default for pairs, for streams with the strictest rate that served it. */
export function listWrong(pairs, streams, rates) {
  const tell = (where, told, a, b) => `${toPairKey(a, b)} ${where}, ${told} | ${a} | ${b}`;
  const ofPairs = pairs
    .filter(({ label, shipped }) => label === 0 && shipped === null)
    .map(({ set, probability, a, b }) => tell(set, `probability ${(probability ?? 1).toFixed(3)}`, a, b));
  const strictestFirst = rates.toSorted((one, other) => one - other);
  const ofStreams = streams.flatMap(({ name, requests, lookups }) => {
    const kind = labelKindOf(requests);
    return lookups.flatMap(({ equal, served }, at) => {
      const told = new Set();
      return strictestFirst.flatMap((rate) => {
        const index = served.get(rate) ?? null;
        if (equal !== null || index === null || told.has(index)) return [];
        told.add(index);
        if (compareLabels(requests[index], requests[at], kind) !== "other") return [];
        return [tell(name, `max_error_rate ${rate}`, requests[index].text, requests[at].text)];
      });
    });
  });
  return [...ofPairs, ...ofStreams];
}
