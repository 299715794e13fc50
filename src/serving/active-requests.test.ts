import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { ActiveRequests } from "./active-requests.ts";

const response = () => new EventEmitter() as ServerResponse;

test("waits for the last of those that are under way, and for none where there is none", async () => {
  const active = new ActiveRequests();
  await active.ended();
  const [first, second] = [response(), response()];
  active.add(first);
  active.add(second);
  const told: string[] = [];
  const all = Promise.all(["one", "other"].map((who) => active.ended().then(() => told.push(who))));
  first.emit("close");
  await Promise.resolve();
  expect(told).toEqual([]);
  second.emit("close");
  await all;
  expect(told).toEqual(["one", "other"]);
  await active.ended();
});
