import { expect, test } from "vitest";
import { RunGate } from "./run-gate.ts";

test("a new gate counts the worker as inside until it has left once", async () => {
  const gate = new RunGate();
  expect(gate.waitUntilOutside(0)).toBe(false);
  await new RunGate(gate.buffer).pass(() => Promise.resolve());
  expect(gate.waitUntilOutside(0)).toBe(true);
});

test("work is inside the gate, and leaves it when it fails too", async () => {
  const gate = new RunGate();
  const worker = new RunGate(gate.buffer);
  await expect(worker.pass(async () => gate.waitUntilOutside(0))).resolves.toBe(false);
  await expect(worker.pass(() => Promise.reject(new TypeError("failed")))).rejects.toThrow("failed");
  expect(gate.waitUntilOutside(0)).toBe(true);
});

test("nothing enters a gate that is shut", async () => {
  const gate = new RunGate();
  gate.shut();
  let entered = false;
  const pass = new RunGate(gate.buffer).pass(async () => {
    entered = true;
  });
  await expect(pass).rejects.toThrow(TypeError);
  expect(entered).toBe(false);
  expect(gate.waitUntilOutside(0)).toBe(true);
});
