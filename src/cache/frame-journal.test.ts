import { expect, test } from "vitest";
import type { TenantId } from "../model/keys.ts";
import { FrameJournal } from "./frame-journal.ts";

const alice = "alice" as TenantId;
const bob = "bob" as TenantId;

test("names the part in which a frame differs from the nearest one of its tenant", () => {
  const journal = new FrameJournal();
  expect(journal.record(alice, "1", { model: "a", system: "x", tools: "" })).toBeNull();
  expect(journal.record(alice, "2", { model: "a", system: "y", tools: "" })).toBe("system");
  expect(journal.record(alice, "3", { model: "b", system: "z", tools: "t" })).toBe("model,system,tools");
  expect(journal.record(alice, "4", { model: "b", system: "z", tools: "" })).toBe("tools");
});

test("of frames that are equally near the newest counts, and one that is seen again is new", () => {
  const journal = new FrameJournal();
  journal.record(alice, "1", { model: "a", system: "x" });
  journal.record(alice, "2", { model: "b", system: "y" });
  expect(journal.record(alice, "3", { model: "a", system: "y" })).toBe("model");
  journal.record(alice, "1", { model: "a", system: "x" });
  expect(journal.record(alice, "4", { model: "a", system: "z" })).toBe("system");
  expect(journal.record(alice, "5", { model: "b", system: "x" })).toBe("model");
});

test("a frame that was seen differs in nothing, and other tenants' frames do not count", () => {
  const journal = new FrameJournal();
  journal.record(alice, "1", { model: "a" });
  journal.record(alice, "2", { model: "b" });
  expect(journal.record(alice, "1", { model: "a" })).toBeNull();
  expect(journal.record(bob, "3", { model: "c" })).toBeNull();
});

test("forgets the frames that were not seen for longest", () => {
  const journal = new FrameJournal();
  journal.record(alice, "first", { model: "0", system: "s" });
  for (let index = 1; index <= 64; index++) journal.record(alice, String(index), { model: String(index), system: "t" });
  expect(journal.record(alice, "again", { model: "0", system: "s" })).toBe("model,system");
});
