import { Connection } from "./connection.mjs";

/**
 * Sends requests on `connections` keep-alive connections, each with one in flight, until `count` are answered.
 *
 * @param {number} port
 * @param {{ connections: number, count: number, next: (number: number) => Buffer, check?: (answer: Buffer) => void }} options
 * @returns seconds that it took
 */
export async function load(port, { connections, count, next, check }) {
  const open = await Promise.all(Array.from({ length: Math.min(connections, count) }, () => Connection.open(port)));
  let sent = 0;
  const started = performance.now();
  await Promise.all(
    open.map(async (connection) => {
      while (sent < count) {
        const answer = await connection.send(next(sent++));
        check?.(answer);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const connection of open) connection.close();
  return seconds;
}
