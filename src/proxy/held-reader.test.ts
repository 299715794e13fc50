import { describe, expect, test } from "vitest";
import { SemcacheError } from "../base/errors.ts";
import { HeldReader } from "./held-reader.ts";

const failed = { status: 500, statusText: "Internal Server Error", rawHeaders: [] };
const error = new SemcacheError("upstream-broken", "Cannot read the answer: a test");
const turn = () => new Promise(setImmediate);

function hold({ takes = true } = {}) {
  const told: string[] = [];
  const faults: unknown[] = [];
  let settle: (send: (() => void) | null) => void = () => undefined;
  let refuse: (error: unknown) => void = () => undefined;
  const held = new HeldReader(
    {
      head: ({ status }) => told.push(`head ${status}`),
      write(chunk) {
        told.push(`write ${chunk.toString()}`);
        return takes;
      },
      end: () => told.push("end"),
      breakOff: ({ code }) => told.push(`break ${code}`),
      fail: ({ code }) => told.push(`fail ${code}`),
    },
    {
      substitute: (failure) =>
        failure instanceof SemcacheError || failure.status >= 500
          ? new Promise((resolve, reject) => {
              settle = resolve;
              refuse = reject;
            })
          : null,
      onReplaced: (send) => send(),
      onReleased: () => told.push("released"),
      onFault: (fault) => faults.push(fault),
    },
  );
  return {
    held,
    told,
    faults,
    settle: (send: (() => void) | null) => settle(send),
    refuse: (why: unknown) => refuse(why),
  };
}

describe("HeldReader", () => {
  test("passes an answer on as it comes", () => {
    const { held, told } = hold();
    held.head({ ...failed, status: 200 });
    expect(held.write(Buffer.from("a"))).toBe(true);
    held.end();
    expect(told).toEqual(["head 200", "write a", "end"]);
  });

  test("passes a break amid an answer on", () => {
    const { held, told } = hold();
    held.head({ ...failed, status: 200 });
    held.write(Buffer.from("a"));
    held.breakOff(error);
    expect(told).toEqual(["head 200", "write a", "break upstream-broken"]);
  });

  test("holds a failure back, and lets it go where nothing was found", async () => {
    const { held, told, settle } = hold();
    held.head(failed);
    expect(held.write(Buffer.from("a"))).toBe(false);
    held.end();
    await turn();
    expect(told).toEqual([]);
    settle(null);
    await turn();
    expect(told).toEqual(["head 500", "write a", "end", "released"]);
    expect(held.write(Buffer.from("b"))).toBe(true);
  });

  test("a reader that took the chunk and is full asks for more by itself", async () => {
    const { held, told, settle } = hold({ takes: false });
    held.head(failed);
    held.write(Buffer.from("a"));
    settle(null);
    await turn();
    expect(told).toEqual(["head 500", "write a"]);
  });

  test("gives up a failure for what was found, and nothing of it is told", async () => {
    const { held, told, settle } = hold();
    held.fail(error);
    settle(() => told.push("sent"));
    await turn();
    held.breakOff(error);
    expect(told).toEqual(["sent"]);
  });

  test("a search that goes wrong is one that finds nothing", async () => {
    const { held, told, faults, refuse } = hold();
    held.fail(error);
    refuse("broken");
    await turn();
    expect([told, faults]).toEqual([["fail upstream-broken"], ["broken"]]);
  });

  test("a client that has left gets nothing", async () => {
    for (const found of [true, false]) {
      const { held, told, settle } = hold();
      held.head(failed);
      held.discard();
      settle(found ? () => told.push("sent") : null);
      await turn();
      expect(told).toEqual([]);
    }
  });

  test("a fault while something is sent is told", async () => {
    const { held, faults, settle } = hold();
    held.fail(error);
    settle(() => {
      throw new TypeError("broken");
    });
    await turn();
    expect(faults).toEqual([new TypeError("broken")]);
  });
});
