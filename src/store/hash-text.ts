/**
 * 32 bits over the UTF-16 units of a text, for tables in memory: fast, well mixed in all bits, and not safe against
 * somebody who looks for collisions; whoever finds by it compares the texts too. Different seeds give independent bits.
 * The last steps are MurmurHash3's finaliser (Appleby, 2011).
 */
export function hashText(text: string, seed: number): number {
  let hash = Math.imul(seed ^ text.length, 0x9e37_79b1);
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x85eb_ca6b);
    // Products carry upwards only: without the turn the high bits would never reach the low ones.
    hash = (hash << 13) | (hash >>> 19);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
