import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import type { UpstreamHandler } from "../upstream/upstream-client.ts";
import { seatClient, type ClientOutcome } from "./client-reader.ts";
import { Flight } from "./flight.ts";

function seatResponse() {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const faults: unknown[] = [];
  const outcomes: ClientOutcome[] = [];
  response.on("error", (error) => faults.push(error));
  const handlers: UpstreamHandler[] = [];
  let aborted = false;
  const flight = new Flight({
    open: (handler) => {
      handlers.push(handler);
      return { pause: () => undefined, resume: () => undefined, abort: () => void (aborted = true) };
    },
    recordingCapBytes: 1000,
    onSettled: () => undefined,
    onClosed: () => undefined,
  });
  seatClient(flight, response, {
    writeHead: ({ status }) => response.writeHead(status, ["content-length", "4"]),
    sendError: () => response.destroy(),
    onFinished: (outcome) => outcomes.push(outcome),
    idleMs: 1000,
    substitute: null,
    onFault: (error) => faults.push(error),
  });
  const [provider] = handlers;
  if (!provider) throw new Error("no call was made");
  return { response, provider, faults, outcomes, isAborted: () => aborted };
}

const turn = () => new Promise(setImmediate);
const head = { status: 200, statusText: "OK", rawHeaders: [] };

test("bytes for a response that was cut in this turn go nowhere, and its close gives the seat back", async () => {
  const { response, provider, faults, outcomes, isAborted } = seatResponse();
  provider.onHeaders(head);
  provider.onData(Buffer.from("ab"));
  // As the idle timer does; the close comes in a later phase of the event loop than the provider's next bytes.
  response.destroy();
  provider.onData(Buffer.from("cd"));
  response.emit("close");
  await turn();
  expect(faults).toEqual([]);
  expect(outcomes).toEqual([{ kind: "client-gone", bytes: 2 }]);
  expect(isAborted()).toBe(true);
});

test("an answer that comes after a refusal was sent does not touch it", async () => {
  const { response, provider, faults } = seatResponse();
  response.writeHead(503, ["content-length", "0"]);
  response.end();
  provider.onHeaders(head);
  provider.onData(Buffer.from("abcd"));
  provider.onEnd();
  await turn();
  expect(faults).toEqual([]);
  expect(response.statusCode).toBe(503);
});
