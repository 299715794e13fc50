/**
 * 32 bits over the UTF-16 units of a text, for tables in memory: fast, well mixed in all bits, and not safe against
 * somebody who looks for collisions; whoever finds by it compares the texts too. Different seeds give independent bits.
 */
export function hashText(text: string, seed: number): number {
  let hash = mixWord(seed, text.length);
  for (let index = 0; index < text.length; index++) hash = mixWord(hash, text.charCodeAt(index));
  return finishHash(hash);
}

/** One step more: takes in 32 bits. */
export function mixWord(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x85eb_ca6b);
  // Products carry upwards only: without the turn the high bits would never reach the low ones.
  return (product << 13) | (product >>> 19);
}

/** After the last step. MurmurHash3's finaliser (Appleby, 2011). */
export function finishHash(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
