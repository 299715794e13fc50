/** The key of an entry's records. Big-endian, so that LMDB's order of bytes is that of the numbers. */
export function toKey(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  // In two halves: a BigInt would be made for each key.
  key.writeUInt32BE(Math.floor(sequence / 2 ** 32), 0);
  key.writeUInt32BE(sequence % 2 ** 32, 4);
  return key;
}

export function fromKey(key: Buffer): number {
  return key.readUInt32BE(0) * 2 ** 32 + key.readUInt32BE(4);
}
