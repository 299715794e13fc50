/** Nouns for people, singular and plural: what asks for one of them asks who. */
const singular =
  "person teacher professor instructor lecturer student advisor adviser employee employer manager boss director owner founder author writer poet singer artist band actor actress player coach captain president minister king queen emperor prince princess governor mayor senator leader chief ceo doctor nurse patient customer client user guest member man woman boy girl child kid baby mother father parent brother sister son daughter husband wife friend hero heroine character winner loser champion inventor creator designer developer engineer scientist painter composer musician producer judge lawyer officer soldier general pilot driver staff team party company group country god guy somebody someone anybody anyone one host guard agent candidate speaker narrator villain killer murderer victim name family tribe";
export const personNouns: ReadonlySet<string> = new Set([
  "people",
  "men",
  "women",
  "children",
  "wives",
  "heroes",
  "parties",
  "companies",
  "countries",
  "babies",
  "families",
  "actresses",
  "bosses",
  ...singular.split(" "),
  ...singular.split(" ").map((noun) => `${noun}s`),
]);
