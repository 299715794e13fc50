/** The key of an entry's records. Big-endian, so that LMDB's order of bytes is that of the numbers. */
export function toKey(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt(sequence));
  return key;
}

export function fromKey(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}
