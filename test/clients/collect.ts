/** Everything that an asynchronous sequence gives, in order (`Array.fromAsync` is not in Node.js 20). */
export async function collect<T>(sequence: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of sequence) items.push(item);
  return items;
}
