import * as fc from "fast-check";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { LineBuffer } from "./line-buffer.ts";
import type { LineSink } from "./line-sink.ts";

/** A reader that takes what is written only when told to. */
class HeldSink implements LineSink {
  text = "";
  #held: { readonly chunk: Buffer; readonly done: (error?: Error) => void } | null = null;

  write(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (this.#held) throw new Error("A write came before the one before was done");
    this.#held = { chunk, done };
  }

  get holds(): boolean {
    return this.#held !== null;
  }

  release(error?: Error): void {
    const held = this.#held;
    this.#held = null;
    if (!held) return;
    if (!error) this.text += held.chunk.toString("utf8");
    held.done(error);
  }

  async releaseAll(): Promise<void> {
    do {
      this.release();
      await nextTurn();
    } while (this.holds);
  }
}

describe("LineBuffer", () => {
  it("writes the first line at once, and gathers those that follow closely into one write", async () => {
    const sink = new HeldSink();
    const lines = new LineBuffer(sink, { gatherMs: 60_000 });
    lines.write("first\n");
    await nextTurn();
    sink.release();
    expect(sink.text).toBe("first\n");
    lines.write("second\n");
    await nextTurn();
    lines.write("third\n");
    await nextTurn();
    expect(sink.holds).toBe(false);
    const closed = lines.close(10_000);
    sink.release();
    await closed;
    expect(sink.text).toBe("first\nsecond\nthird\n");
    expect(lines.lost).toBe(0);
  });

  it("writes nothing in the turn of the caller, and the lines of a turn together", async () => {
    const sink = new HeldSink();
    const lines = new LineBuffer(sink, { gatherMs: 0 });
    lines.write("a\n");
    lines.write("b\n");
    expect(sink.holds).toBe(false);
    await nextTurn();
    sink.release();
    expect(sink.text).toBe("a\nb\n");
  });

  it("drops whole lines, counts them, and tells when there is room again", async () => {
    const sink = new HeldSink();
    const lines = new LineBuffer(sink, { gatherMs: 0, maxBytes: 10, describeLoss: (lost) => `lost ${lost}\n` });
    for (const line of ["aaaa\n", "bbbb\n", "cccc\n", "dddd\n"]) lines.write(line);
    expect(lines.lost).toBe(2);
    await nextTurn();
    await sink.releaseAll();
    expect(sink.text).toBe("aaaa\nbbbb\nlost 2\n");
    lines.write("eeee\n");
    await nextTurn();
    await sink.releaseAll();
    expect(sink.text).toBe("aaaa\nbbbb\nlost 2\neeee\n");
    expect(lines.lost).toBe(2);
  });

  it("counts the lines of a write that failed, and goes on", async () => {
    const sink = new HeldSink();
    const lines = new LineBuffer(sink, { gatherMs: 0 });
    lines.write("a\n");
    lines.write("b\n");
    await nextTurn();
    sink.release(new Error("EPIPE"));
    expect(lines.lost).toBe(2);
    lines.write("c\n");
    await nextTurn();
    sink.release();
    expect(sink.text).toBe("c\n");
  });

  it("keeps lines whole and in order over many writes, with text of any width", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 30 }),
        fc.nat(3),
        async (texts, repeat) => {
          const sink = new HeldSink();
          const lines = new LineBuffer(sink, { gatherMs: 0 });
          const expected = texts.map((text) => `${JSON.stringify(text).repeat(repeat * 500 + 1)}\n`);
          for (const line of expected) lines.write(line);
          await nextTurn();
          await sink.releaseAll();
          expect(sink.text).toBe(expected.join(""));
          expect(lines.lost).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("never holds more than its bound", async () => {
    const sink = new HeldSink();
    const lines = new LineBuffer(sink, { gatherMs: 0, maxBytes: 1_000 });
    for (let index = 0; index < 500; index++) lines.write(`${"x".repeat(99)}\n`);
    expect(lines.lost).toBe(490);
    await nextTurn();
    lines.write(`${"x".repeat(99)}\n`);
    expect(lines.lost).toBe(491);
  });

  it("hands over what waits when it closes, and takes nothing after", async () => {
    const sink = new HeldSink();
    const lines = new LineBuffer(sink, { gatherMs: 0 });
    lines.write("a\n");
    const closed = lines.close(60_000);
    lines.write("late\n");
    await sink.releaseAll();
    await closed;
    expect(sink.text).toBe("a\n");
    expect(lines.lost).toBe(1);
  });

  it("gives up on a reader that sleeps, and counts what it had", async () => {
    const sink = new HeldSink();
    const lines = new LineBuffer(sink, { gatherMs: 0 });
    lines.write("a\n");
    await nextTurn();
    lines.write("b\n");
    await lines.close(5);
    expect(lines.lost).toBeGreaterThanOrEqual(1);
  });
});
