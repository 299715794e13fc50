import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LinkedList, type ListNode } from "./linked-list.ts";

function valuesOf(list: LinkedList<number>): { forward: readonly number[]; backward: readonly number[] } {
  const forward: number[] = [];
  for (let node = list.first; node !== null; node = node.after) forward.push(node.value);
  const backward: number[] = [];
  for (let node = list.last; node !== null; node = node.before) backward.unshift(node.value);
  return { forward, backward };
}

describe("linked list", () => {
  test("agrees with an array in both directions", () => {
    const step = fc.record({ kind: fc.constantFrom("append", "remove", "moveToEnd"), at: fc.nat(10) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const list = new LinkedList<number>();
        const model: ListNode<number>[] = [];
        for (const [value, { kind, at }] of steps.entries()) {
          if (kind === "append") model.push(list.append(value));
          const [node] = kind === "append" ? [] : model.splice(at, 1);
          if (node !== undefined && kind === "remove") list.remove(node);
          if (node !== undefined && kind === "moveToEnd") {
            list.moveToEnd(node);
            model.push(node);
          }
          const expected = model.map((node) => node.value);
          expect(valuesOf(list)).toEqual({ forward: expected, backward: expected });
        }
        list.clear();
        expect(valuesOf(list)).toEqual({ forward: [], backward: [] });
      }),
    );
  });
});
